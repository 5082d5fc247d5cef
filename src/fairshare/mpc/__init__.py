"""Three servers answer on shares, at most one of them curious: secrets, circuits, noise, and the channel between them.

::

    what a secret is      ring · bits · shares · holding (how a holder shares and leaves)
    between the servers   channel (the seam) · memory (three threads) · keys · session · rounds · cost
    moves                 arithmetic · matrix · thirds · boolean · carries · conversion · comparison · opening
    the three calls       marginals · scores · gaussian · noise_distributed · select · answers (what may be opened)
    tests' seam           tape (secret words, or words that the trusted curator reads too)

A protocol is a coroutine (``rounds``): an ``await`` is where servers wait for each other. Beside each stands what it
costs (``*_cost``), and tests measure that. Security is semi-honest (Araki et al. 2016): a server's view is simulated
from its own inputs and what is opened, because every message is masked by a stream whose key its receiver lacks. Two
colluding servers see everything.
"""
