"""The states of an account, as the steps that lead from one to the next.

entered → billed → claim submitted → rejected → submitted again
                                   → denied → corrected, appealed, written off or left
                                   → approved → posted → second payer → patient → paid, given up
                                              → taken back → approved again or written off
"""

from __future__ import annotations

from simulator import cycle, denial_work, patient_billing, recoveries
from simulator.office import Step

STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        cycle.bill, cycle.submit, cycle.correct, cycle.submit_to_secondary, cycle.reject,
        cycle.decide, cycle.approve, cycle.decide_as_secondary, cycle.post,
        denial_work.appeal, denial_work.decide_appeal, denial_work.write_off_denial,
        denial_work.write_off_payer,
        patient_billing.pay_statement, patient_billing.pay_half, patient_billing.pay_instalment,
        patient_billing.give_charity, patient_billing.give_up,
        patient_billing.write_off_small_balance,
        recoveries.refund_patient, recoveries.refund_payer, recoveries.void, recoveries.take_back,
        recoveries.carry_forward, recoveries.post_takeback,
    )
}  # fmt: skip
DAILY = ("bill", "submit", "decide", "post", "pay_statement")
