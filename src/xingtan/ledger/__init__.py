"""The transparency log as a library: bytes in, bytes out, standard library only.

Formats are those of C2SP (tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature v1, tlog-witness, tlog-proof,
tlog-policy) over the Merkle tree of RFC 6962 and RFC 9162, so that strangers' programs read what this one writes.
`docs/explanations/ledger.md` is the promise. Throughout:

1. Reads are planned, done once, and then computed on purely.
2. Bad input raises `ValueError`; a proof or signature that does not hold raises `NotProven`, which is one; what this
   log itself has stored and no longer holds together raises `Broken`.
3. Private keys stay with the caller: the library asks a `Signer` for signatures and never sees a key.
"""
