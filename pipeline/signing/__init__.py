"""Seals: who wrote a message, that it is unaltered, and for which topic it is.

`tree` hashes a batch, `seals` says what is signed and how that is written, `keys` holds a private
key, `keyring` says which public key may sign what and when, `checking` decides. What is hashed of a
message is for `wire.sealed`; the contract is schemas/README.md, "Seals".
"""

from pipeline.signing.checking import WHY, Checker, Expected, Refusal
from pipeline.signing.files import load_key, load_keyring, new_key_file
from pipeline.signing.keyring import COMMANDS, Key, Keyring, receipts_of
from pipeline.signing.keys import SigningKey, key_id_of
from pipeline.signing.seals import Seal, Statement, parse_seal, seal_all

__all__ = [
    "COMMANDS",
    "WHY",
    "Checker",
    "Expected",
    "Key",
    "Keyring",
    "Refusal",
    "Seal",
    "SigningKey",
    "Statement",
    "key_id_of",
    "load_key",
    "load_keyring",
    "new_key_file",
    "parse_seal",
    "receipts_of",
    "seal_all",
]
