"""Fields: one column each, between the user's values and tensors; one file a kind, in the registry ``fields``."""

from throughtime.data.fields.field import Field, fields
from throughtime.data.fields.fitting import fields_from_json, fields_to_json, fit_fields

__all__ = ["Field", "fields", "fields_from_json", "fields_to_json", "fit_fields"]
