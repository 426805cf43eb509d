/** A requirement that is not tried, because what it is about is not served, with the reason. */
export interface NotClaimed {
  readonly requirement: string
  readonly why: string
}

/**
 * Rows of the specification outside of what Toolgate serves today.
 */
export const NOT_CLAIMED: readonly NotClaimed[] = [
  {
    requirement: '`notifications/tasks/status`, and progress of tasks, in the core form of 2025-11-25',
    why: 'Optional: clients must not rely on them, and `tasks/get` tells the same.',
  },
  {
    requirement: 'OAuth 2.1 resource server: protected resource metadata, audience of tokens, step-up challenges',
    why: 'API keys are the only credential; authorization is optional in the specification.',
  },
  {
    requirement: 'A modern-only server names its versions in the error to `initialize`',
    why: 'Toolgate serves both eras, so `initialize` succeeds.',
  },
  {
    requirement: 'An intermediary forwards unknown `Mcp-Param-*` headers',
    why: 'Toolgate serves its own capabilities; it is no proxy of other MCP servers.',
  },
  {
    requirement: 'Single use of `requestState` where that is needed',
    why: 'State is sealed, bound and short-lived, but can be sent twice while it lives: a handler that must act once keeps its own record.',
  },
  {
    requirement: '-32042 `URLElicitationRequired` and `notifications/elicitation/complete` (2025-11-25)',
    why: 'Optional: a client that declared URLs is asked with `elicitation/create` while the call waits.',
  },
  {
    requirement: 'No secrets in forms; pages of URL mode over HTTPS, for the same user',
    why: 'What a handler asks, and the page behind its URL, are its own.',
  },
  {
    requirement: 'Every `tool_use` of a sampled message is answered',
    why: 'The conversation with the model is led by the handler; Toolgate passes its messages on.',
  },
  {
    requirement: 'Trace context is propagated to spans',
    why: 'There are no spans yet; the keys reach handlers in `context.meta`.',
  },
]
