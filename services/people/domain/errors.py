"""The rules of people and units by name: what a decider raises when a command breaks one."""

from __future__ import annotations

from libs.events.errors import Conflict, Forbidden, NotFound, Rejected


class PersonNotFound(NotFound):
    """There is no such person in the tenant."""

    code = "person_not_found"
    detail = "There is no person with this id. Look people up with GET /people."


class AbsenceNotFound(NotFound):
    """The person has no such absence."""

    code = "absence_not_found"
    detail = "This person has no absence with this id. List them with GET /people/{id}/absences."


class ErasureNotFound(NotFound):
    """There is no such erasure in the tenant."""

    code = "erasure_not_found"
    detail = "There is no erasure with this id. List them with GET /erasures."


class AnotherMustConfirm(Forbidden):
    """One person alone erases nobody, and nobody agrees to their own end: somebody must be left to administer."""

    code = "another_must_confirm"
    detail = "Neither who asked for an erasure nor who is to be erased can confirm it. Ask another administrator."


class ErasureAskedMeanwhile(Conflict):
    """Somebody else asked for the same erasure since this one looked."""

    code = "erasure_asked_meanwhile"
    detail = "Somebody has just asked for this erasure too. Look it up with GET /erasures?person_id=."


class UnitNotFound(NotFound):
    """There is no such unit in the tenant."""

    code = "unit_not_found"
    detail = "There is no unit with this id. Look units up with GET /units."


class UnknownManager(Rejected):
    """The manager named does not work here."""

    code = "unknown_manager"
    detail = "manager_id names nobody who works here. Use the id of an active person from GET /people."


class UnknownLead(Rejected):
    """The lead named does not work here."""

    code = "unknown_lead"
    detail = "lead_id names nobody who works here. Use the id of an active person from GET /people."


class UnknownUnit(Rejected):
    """The unit named does not exist."""

    code = "unknown_unit"
    detail = "There is no unit with the id that was named. Use the id of a unit from GET /units."


class ManagerCycle(Conflict):
    """Somebody would lead themselves, directly or through others."""

    code = "manager_cycle"
    detail = "The manager reports to this person, directly or through others. Change their manager first."


class UnitCycle(Conflict):
    """A unit would belong to itself, directly or through others."""

    code = "unit_cycle"
    detail = "The parent belongs to this unit, directly or through others. Move it elsewhere first."


class EmailTaken(Conflict):
    """The address belongs to somebody else."""

    code = "email_taken"
    detail = "Somebody in this tenant already has this e-mail address. Look them up with GET /people?email=."


class ReferenceTaken(Conflict):
    """The outside record belongs to something else."""

    code = "reference_taken"
    detail = "Another person or unit stands for this external_ref already. Change that one with PUT …/by-ref/…."


class IncompleteReference(Rejected):
    """An external reference that does not say which record is meant."""

    code = "incomplete_reference"
    detail = "An external_ref needs both system and id. Send both, or null to clear it."


class InvalidEmail(Rejected):
    """The address has no form that mail could be sent to."""

    code = "invalid_email"
    detail = "This is no e-mail address. Write it as name@example.org, in at most 254 characters."


class InvalidLocale(Rejected):
    """No language tag."""

    code = "invalid_locale"
    detail = "locale is a BCP 47 language tag, like en, de-AT or zh-Hant-TW."


class UnknownTimezone(Rejected):
    """No time zone of the IANA database."""

    code = "unknown_timezone"
    detail = "timezone is a name of the IANA time zone database, like Europe/Vienna."


class ImplausibleHiredOn(Rejected):
    """Nobody is hired that far ahead."""

    code = "implausible_hired_on"
    detail = "hired_on lies more than two years ahead. Check the year."


class EffectiveOnWithoutPosition(Rejected):
    """A day was named, but nothing that begins on it."""

    code = "effective_on_without_position"
    detail = "effective_on is the day on which manager_id, unit_id or job_title change. Send one of them with it."


class UnknownRole(Rejected):
    """A role that nobody can be given."""

    code = "unknown_role"
    detail = "There is no such role. Use hr_partner, compliance, admin or service; everybody is an employee."


class CannotDeactivateYourself(Conflict):
    """Who deactivates themselves could not take it back."""

    code = "cannot_deactivate_yourself"
    detail = "You cannot deactivate yourself. Ask another administrator."


class AbsenceEndsBeforeItBegins(Rejected):
    """The last day comes before the first."""

    code = "absence_ends_before_it_begins"
    detail = "to lies before from. An absence of one day has the same day in both."


class TooManyAbsences(Rejected):
    """More absences than anybody plans."""

    code = "too_many_absences"
    detail = "This person has a thousand absences already. Withdraw those that do not count any more."
