"""How far the reader goes with what a stranger sent, each bound with its reason.

Past a bound the message still yields headers, readable text and a defect that says what was cut; the
raw bytes are kept by others, so nothing is lost. Every algorithm below the bounds is linear: they limit
memory and the number of objects, not the damage of a slow pattern.
"""

MESSAGE_BYTES = 64 * 1024 * 1024
"""Read of one message. Mailboxes refuse 25 to 50 MB; the rest of a larger one stays unread."""

FILE_BYTES = 8 * 1024 * 1024
"""A file's encoded bytes that are decoded while reading the message. Of larger ones only the size is worked out."""

HEADER_BYTES = 64 * 1024
"""One header, unfolded. A Cc of 1,500 people has about 60 KB; the longest honest References 20 KB."""

HEADER_BLOCK_BYTES = 512 * 1024
"""All headers of one entity. Ten relays with ARC and DKIM make about 60 KB."""

HEADER_COUNT = 1_000
"""Headers of one entity. A mail over 20 relays with spam reports has about 150."""

HEADER_LINES = 10_000
"""Physical lines of one header block; folding at 70 columns needs 7,500 for a full block."""

JUNK_LINES = 20
"""Lines before the first header that are passed over (mbox 'From ', a banner of a gateway)."""

PARTS = 1_000
"""Leaves of the MIME tree. Photo mails reach about 300; an attack used 100,000 in 700 KB."""

PART_HEADER_BYTES = 1024 * 1024
"""Headers of all parts together: 1,000 parts of 400 bytes have less than half of it."""

EMBEDDED_SUBJECT_BYTES = 4_000
"""Subject of an attached message that becomes its file name."""

DEPTH = 50
"""Nested multiparts. Honest forwards of forwards stay under 10; the standard library dies near 300."""

PARAMETERS = 128
"""Parameters of a Content-Type or Content-Disposition, pieces of RFC 2231 counted one by one."""

PARAMETER_CHARACTERS = 16 * 1024
"""One Content-Type or Content-Disposition; a name of 4,000 characters in RFC 2231 pieces has about 14 KB."""

ADDRESSES = 2_000
"""Mailboxes of one kind (all To headers together); large providers accept 500 to 1,000 a message."""

COMMENT_DEPTH = 50
"""Nested comments '((((' in an address: past it brackets are plain characters."""

MESSAGE_IDS = 500
"""Identifiers read from References: the newest count, the oldest keep the root."""

TEXT_CHARACTERS = 1_000_000
"""Text body shown: a novel. People do not read more, and every step behind this one is bounded by it."""

HTML_CHARACTERS = 5_000_000
"""HTML body kept: newsletters with images inside as data reach 3,000,000."""

NAME_CHARACTERS = 150
"""A file name that is safe to save: file systems take 255 bytes, a CJK character has three."""

DETECT_BYTES = 16 * 1024
"""Sample for guessing a charset; more does not make the guess better, only slower."""

TNEF_FILES = 200
"""Files out of one winmail.dat."""

TNEF_PROPERTIES = 20_000
"""MAPI properties read of one winmail.dat."""

RTF_BYTES = 4 * 1024 * 1024
"""Unpacked RTF body of a winmail.dat: its packing reaches 1:17, so a bomb stays small."""

INLINE_FILES = 50
"""uuencoded or yEnc files found in one text body."""

UNWRAPPED = 4
"""S/MIME signatures within signatures that are opened."""

BOUNCE_RECIPIENTS = 200
"""Recipients reported of one delivery report."""

BOUNCE_TEXT = 64 * 1024
"""Text of a non-standard bounce that is searched: they say what failed at the top."""
