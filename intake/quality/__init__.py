"""Whether what was typed is plausible: questions for the desk, never a reason to refuse.

`rules` finds, `catalogue` words what is asked, `finding` looks at the households of the database,
`refreshing` keeps the open questions of a household up to date, `answering` takes the answers.
"""
