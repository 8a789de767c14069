"""An incident with all that was found, decided and done, as one document for people who were not there."""
