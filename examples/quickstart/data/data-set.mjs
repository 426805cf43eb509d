// The data of the examples: three tenants with customers, orders and invoices, the same rows every time.

export const TENANTS = ['acme', 'globex', 'initech']
/** Half of the customers are of the first tenant, a third of the second. */
const SHARES = [0, 0, 0, 1, 1, 2]
const CUSTOMERS = 6_000
const ORDERS = 50_000

const FIRST = [
  'Ada',
  'Alan',
  'Barbara',
  'Claude',
  'Donald',
  'Edsger',
  'Frances',
  'Grace',
  'Hedy',
  'Joan',
  'Katherine',
  'Leslie',
]
const LAST = [
  'Allen',
  'Clarke',
  'Dijkstra',
  'Hamilton',
  'Hopper',
  'Johnson',
  'Knuth',
  'Lamport',
  'Liskov',
  'Lovelace',
  'Turing',
]
const COUNTRIES = ['AT', 'BR', 'CH', 'DE', 'ES', 'FR', 'GB', 'IN', 'JP', 'NL', 'PL', 'US']
const STATUSES = ['open', 'paid', 'paid', 'paid', 'shipped', 'shipped', 'cancelled']
const START = Date.UTC(2025, 0, 1)
const DAY = 86_400_000

/** Tables in the order in which they can be filled: name, what a row is, and the rows. */
export function dataSet() {
  const random = generator(20_260_101)
  const pick = (list) => list[Math.floor(random() * list.length)]
  const between = (from, to) => from + Math.floor(random() * (to - from + 1))
  const customers = []
  for (let id = 1; id <= CUSTOMERS; id++) {
    const name = `${pick(FIRST)} ${pick(LAST)}`
    const email = `${name.toLowerCase().replace(' ', '.')}.${id}@example.com`
    customers.push([id, TENANTS[SHARES[id % SHARES.length]], name, email, pick(COUNTRIES), day(between(0, 300))])
  }
  const orders = []
  const invoices = []
  for (let id = 1; id <= ORDERS; id++) {
    const [customerId, tenant] = pick(customers)
    const status = pick(STATUSES)
    const ordered = between(300, 660)
    const cents = between(500, 250_000)
    orders.push([id, tenant, customerId, status, day(ordered), cents / 100])
    const paid = status === 'paid' || status === 'shipped' ? day(ordered + between(1, 40)) : null
    invoices.push([id, tenant, id, day(ordered + 30), paid, cents / 100])
  }
  return { customers, orders, invoices }
}

function day(number) {
  return new Date(START + number * DAY).toISOString().slice(0, 10)
}

/** Numbers from 0 to 1 that follow from the seed alone (mulberry32). */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
