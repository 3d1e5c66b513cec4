"""The sample company's last six weeks: some three hundred cases, told by real mails through the real intake.

Texts lie in *.txt: `=== key | type | tags | how often | team | priority | language`, subjects to choose from, then the
turns: `<<` the customer, `>>` the team, `##` a note; `~~` divides alternatives; `@` says how it ends.
"""
