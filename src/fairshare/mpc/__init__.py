"""Three servers answer on shares, at most one of them curious: secrets, circuits, noise, and the channel between them.

::

    what a secret is      ring · bits · shares · holding (how a holder shares and leaves)
    between the servers   channel (the seam) · memory (three threads) · keys · session · rounds · cost
    moves                 arithmetic · matrix · thirds · boolean · carries · conversion · comparison · opening
    the three calls       marginals · scores · gaussian · noise_distributed · select · answers (what may be opened)
    a run                 terms (what is enforced) · alignment · contribution · requests · tasks (checked and priced)
                          counts (secret marginals, kept) · server · simulate (three servers in one process)
    on a network          plan · wire
    tests' seam           tape (secret words, or words that the trusted curator reads too) · reference

A run, whatever carries its messages::

    terms = Terms(domain=..., budget=Budget(..., slack_share=SLACK_SHARE), unit=..., owners=(Owner(...), ...))
    holder:  three = contribute(terms, name, codes, hashes)        each .to_bytes() to its server; then leave
    server:  server = Server(terms, party, ledger=...)
             server.accept(Contribution.from_bytes(data, terms, party))          until not server.missing
             session = complete(establish(channel)); complete(server.begin(session))
             reply = complete(server.answer(session, request_from_bytes(data)))  or Refusal.of(error); .to_bytes()
    driver:  SecureCurator(terms, servers), where servers.ask(request) gives three replies by reply_from_bytes

A protocol is a coroutine (``rounds``): an ``await`` is where servers wait for each other. Beside each stands what it
costs (``*_cost``), and tests measure that. Security is semi-honest (Araki et al. 2016): a server's view is simulated
from its own inputs and what is opened, because every message is masked by a stream whose key its receiver lacks. Two
colluding servers see everything.
"""
