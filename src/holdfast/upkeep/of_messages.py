"""What must be true of messages, of the relay, and of webhooks."""

from holdfast.upkeep.broken import Invariant

WRONG_MESSAGES = """
SELECT format('%s: %s messages from %s to %s are kept, and its revision is %s', m.place, m.messages, m.first, m.last,
    coalesce(q.revision::text, 'none'))
FROM (SELECT place, count(*) AS messages, min(revision) AS first, max(revision) AS last FROM outbox GROUP BY place) m
LEFT JOIN (
    SELECT place, revision FROM places UNION ALL SELECT 'event:' || id, revision FROM events
) q ON q.place = m.place
WHERE q.revision IS DISTINCT FROM m.last OR m.messages <> m.last - m.first + 1
"""

UNREADABLE_MESSAGES = """
SELECT format('%s, revision %s: %s', place, revision, CASE
    WHEN jsonb_typeof(data) IS DISTINCT FROM 'object' THEN 'its data cannot be read'
    WHEN type IS NULL OR type = '' THEN 'it has no type' ELSE 'another message has its id' END)
FROM (SELECT *, count(*) OVER (PARTITION BY id) AS others FROM outbox) o
WHERE jsonb_typeof(data) IS DISTINCT FROM 'object' OR type IS NULL OR type = '' OR others > 1
"""

WRONG_POSITIONS = """
SELECT format('position %s: %s messages have it', published_at, count(*))
FROM outbox WHERE published_at IS NOT NULL GROUP BY published_at HAVING count(*) > 1
UNION ALL
SELECT format('%s, revision %s: its position %s was not given, for the last that was is %s',
    o.place, o.revision, o.published_at, r.numbered_at)
FROM outbox o JOIN relays r ON r.name = 'outbox' WHERE o.published_at > r.numbered_at
"""

WRONG_RELAYS = """
SELECT format('relay %s: %s', name, CASE
    WHEN name <> 'outbox' OR others > 1 THEN 'is one too many'
    WHEN fence < 0 THEN format('its number is %s', fence)
    ELSE format('nobody else can take over until %s', expires_at) END)
FROM (SELECT *, count(*) OVER (PARTITION BY name) AS others FROM relays) r
WHERE name <> 'outbox' OR others > 1 OR fence < 0 OR expires_at > now() + interval '1 day'
UNION ALL
SELECT 'there is none, and messages have positions'
WHERE NOT EXISTS (SELECT FROM relays) AND EXISTS (SELECT FROM outbox WHERE published_at IS NOT NULL)
"""

WRONG_DELIVERIES = """
SELECT format('delivery of %s to webhook %s: %s', d.message_id, d.webhook_id, CASE
    WHEN w.id IS NULL THEN 'there is no such webhook'
    WHEN d.outcome NOT IN ('delivered', 'given_up') THEN format('nobody knows an outcome %s', d.outcome)
    WHEN (d.outcome IS NULL) <> (d.settled_at IS NULL) THEN 'is settled without an outcome, or has one and waits'
    ELSE 'waits, and there is nothing to send' END)
FROM webhook_deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id
WHERE w.id IS NULL OR d.outcome NOT IN ('delivered', 'given_up') OR (d.outcome IS NULL) <> (d.settled_at IS NULL)
    OR (d.body IS NULL AND d.settled_at IS NULL)
UNION ALL
SELECT format('webhook %s: nobody knows a reason %s', id, disabled_why) FROM webhooks
WHERE disabled_why NOT IN ('admin', 'gone', 'failing', 'full') OR (disabled_why IS NULL) <> (disabled_at IS NULL)
"""

AGAIN = "Somebody wrote past the engine, or only a part of a backup was restored: "
INVARIANTS = (
    Invariant(
        "Every change has its message, and every message its change",
        WRONG_MESSAGES,
        f"{AGAIN}listeners must read everything anew",
    ),
    Invariant("Every message can be read, and is one", UNREADABLE_MESSAGES, f"{AGAIN}DELETE it"),
    Invariant(
        "Every message has a position of its own, or none",
        WRONG_POSITIONS,
        f"{AGAIN}set published_at of these messages to NULL, and they are published once more",
    ),
    Invariant(
        "There is one relay's lease, and it ends",
        WRONG_RELAYS,
        f"{AGAIN}DELETE the row that is wrong; the next relay makes its own, if none is left",
    ),
    Invariant(
        "Every webhook's delivery is one of a webhook, and waits or is settled",
        WRONG_DELIVERIES,
        f"{AGAIN}DELETE the delivery",
    ),
)
