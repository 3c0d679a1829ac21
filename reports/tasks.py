"""The scheduler's work for reports."""

from celery import shared_task

from reports import mailing, services


@shared_task
def make_due_reports() -> int:
    """Every minute: make what the cut-off hour asks for; how many reports were made."""
    return len(services.make_due_reports())


@shared_task
def mail_waiting_reports() -> int:
    """Every minute: send what waits for the mail server; how many were sent."""
    return mailing.send_waiting()
