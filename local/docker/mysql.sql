-- The hospitals' databases; the MySQL image runs this once, with a new data folder.
CREATE DATABASE IF NOT EXISTS hospital_a CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS hospital_b CHARACTER SET utf8mb4;
GRANT ALL ON hospital_a.* TO 'rcm'@'%';
GRANT ALL ON hospital_b.* TO 'rcm'@'%';
