-- Pages of actions and rules: each list and count in the order of an index, however many actions there are.

create index action_by_rule on action (rule, created_at, key);

create index action_by_kind_created on action (kind, created_at, key);

create index action_outward on action (created_at, key)
    where kind not in ('ADD_TO_PM_QUEUE', 'INCREMENT_FEATURE_COUNTER');

create index delivery_by_destination on delivery (destination, created_at, ordinal);

create index action_member_by_rule on action_member (rule, at, conversation_id);
