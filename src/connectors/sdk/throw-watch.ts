import type { ForwardedCall, Target, Watch } from './forwarded-call.ts'
import { isHighLevel, lowLevelOf, type SdkServer } from './sdk-server.ts'

type Handler = (...args: unknown[]) => unknown

/** Where a registered tool keeps what runs it: version 2, version 1, version 1 before 1.24. */
const SLOTS = ['executor', 'handler', 'callback']

/**
 * Sees what the handlers of an SDK server throw. The SDK turns every thrown error into an isError result, from which it
 * cannot be told whether the author meant the text for the caller; so the handlers are wrapped where the SDK keeps them,
 * each before its first call and again when the author has replaced it.
 */
export class ThrowWatch {
  readonly #server: SdkServer
  readonly #currentCall: () => ForwardedCall | undefined
  readonly #wrappers = new WeakSet<Handler>()

  constructor(server: SdkServer, currentCall: () => ForwardedCall | undefined) {
    this.#server = server
    this.#currentCall = currentCall
  }

  /** Wraps what is about to answer, and says how far the answer can be told from a thrown error. */
  prepare(target: Target): Watch {
    this.#wrapRequestHandler(target.method)
    if (target.method !== 'tools/call' || !isHighLevel(this.#server)) return 'open'
    const tools = this.#server._registeredTools
    if (typeof tools !== 'object' || tools === null) return 'opaque'
    if (!Object.hasOwn(tools, target.name)) return 'open'
    return this.#wrapTool((tools as Record<string, unknown>)[target.name]) ? 'watched' : 'opaque'
  }

  #wrapRequestHandler(method: string): void {
    const handlers = lowLevelOf(this.#server)._requestHandlers
    if (!(handlers instanceof Map)) return
    const handler: unknown = handlers.get(method)
    if (typeof handler !== 'function' || this.#wrappers.has(handler as Handler)) return
    handlers.set(method, this.#wrap(handler as Handler, 'request'))
  }

  #wrapTool(tool: unknown): boolean {
    if (typeof tool !== 'object' || tool === null) return false
    const slots = tool as Record<string, unknown>
    const slot = SLOTS.find((name) => slots[name] !== undefined)
    if (slot === undefined) return false
    const handler = slots[slot]
    if (typeof handler === 'function') return this.#wrapSlot(slots, slot)
    // A tool that runs as a task (version 1) keeps several functions there.
    return (
      typeof handler === 'object' &&
      handler !== null &&
      this.#wrapSlot(handler as Record<string, unknown>, 'createTask')
    )
  }

  #wrapSlot(slots: Record<string, unknown>, slot: string): boolean {
    const handler = slots[slot]
    if (typeof handler !== 'function') return false
    if (this.#wrappers.has(handler as Handler)) return true
    return Reflect.set(slots, slot, this.#wrap(handler as Handler, 'tool'))
  }

  #wrap(handler: Handler, level: 'tool' | 'request'): Handler {
    const currentCall = this.#currentCall
    const wrapper = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const call = currentCall()
      try {
        const value = await handler.apply(this, args)
        if (level === 'tool' && call !== undefined) {
          call.returned = { value }
          // One handler may call another and catch what that throws.
          call.thrown = undefined
        }
        return value
      } catch (value) {
        if (call !== undefined) call.thrown = { value }
        // The SDK reads members of what was thrown, and would never answer if that is not an object.
        throw value instanceof Error ? value : new Error('The handler threw something that is not an Error.')
      }
    }
    this.#wrappers.add(wrapper)
    return wrapper
  }
}
