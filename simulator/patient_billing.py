"""What patients owe: statements, instalments, charity, and what is given up."""

from __future__ import annotations

from simulator.account import Account
from simulator.care import is_insured
from simulator.office import Office
from simulator.recoveries import refund_credits
from simulator.vocabulary import SELF_PAY

SMALL_BALANCE_CENTS = 1_000
SMALL_BALANCE_PAID_RATE = 0.4
INSURED_WAYS = {"pay": 61.0, "instal": 10.0, "pay_half": 9.0, "give": 3.0, "ignore": 17.0}
UNINSURED_WAYS = {"pay": 34.0, "instal": 13.0, "pay_half": 13.0, "give": 13.0, "ignore": 27.0}
STATEMENT_DAYS = (5, 61)
CHARITY_DAYS = (15, 60)
BAD_DEBT_DAYS = (120, 201)
BAD_DEBT_RATE = 0.85
SMALL_BALANCE_DAYS = (30, 61)
INSTALMENTS = (3, 4, 6)
INSTALMENT_DAYS = 30
PAID_TWICE_RATE = 0.006


def bill(office: Office, account: Account, _: str) -> None:
    """A statement goes out; what the patient will do about it is planned."""
    chance, owed = office.chance, account.owed_by(SELF_PAY)
    if owed <= 0:
        return
    if owed < SMALL_BALANCE_CENTS and not chance.happens(SMALL_BALANCE_PAID_RATE):
        office.plan(chance.between(*SMALL_BALANCE_DAYS), "write_off_small_balance", account)
        return
    way = chance.pick(INSURED_WAYS if is_insured(account.payer) else UNINSURED_WAYS)
    if way == "ignore":
        _expect_bad_debt(office, account)
    elif way == "give":
        office.plan(chance.between(*CHARITY_DAYS), "give_charity", account)
    else:
        account.instalment = -(-owed // chance.choice(INSTALMENTS))
        office.plan(chance.between(*STATEMENT_DAYS), _PAYMENTS[way], account)


def pay_statement(office: Office, account: Account, _: str) -> None:
    """The patient pays all that is owed, now and then twice."""
    owed = account.owed_by(SELF_PAY)
    pay(office, account, owed, "STATEMENT")
    if owed > 0 and office.chance.happens(PAID_TWICE_RATE):
        pay(office, account, owed, "STATEMENT")
        refund_credits(office, account)


def pay_half(office: Office, account: Account, _: str) -> None:
    """The patient pays half of it, and perhaps never the rest."""
    pay(office, account, (account.owed_by(SELF_PAY) + 1) // 2, "STATEMENT")
    _expect_bad_debt(office, account)


def pay_instalment(office: Office, account: Account, _: str) -> None:
    """The patient pays a part of it and goes on next month until nothing is owed."""
    pay(office, account, min(account.instalment, account.owed_by(SELF_PAY)), "PLAN")
    if account.owed_by(SELF_PAY) > 0:
        office.plan(INSTALMENT_DAYS, "pay_instalment", account)


def give_charity(office: Office, account: Account, _: str) -> None:
    """The hospital forgives a patient in need."""
    write_off(office, account, SELF_PAY, "CHARITY")


def give_up(office: Office, account: Account, _: str) -> None:
    """The hospital gives up on a patient who does not pay."""
    write_off(office, account, SELF_PAY, "BAD_DEBT")


def write_off_small_balance(office: Office, account: Account, _: str) -> None:
    """The hospital forgets a balance that no letter is worth."""
    write_off(office, account, SELF_PAY, "SMALL_BALANCE")


def pay(office: Office, account: Account, amount: int, reason: str) -> None:
    """Posts a payment of the patient; nothing if nothing is owed."""
    if amount > 0:
        office.post(account, "patient_payment", -amount, SELF_PAY, reason)


def write_off(office: Office, account: Account, payer: str, reason: str) -> None:
    """Writes off what a payer still owes."""
    if (owed := account.owed_by(payer)) > 0:
        office.post(account, "write_off", -owed, payer, reason)


def _expect_bad_debt(office: Office, account: Account) -> None:
    if office.chance.happens(BAD_DEBT_RATE):
        office.plan(office.chance.between(*BAD_DEBT_DAYS), "give_up", account)


_PAYMENTS = {"pay": "pay_statement", "instal": "pay_instalment", "pay_half": "pay_half"}
