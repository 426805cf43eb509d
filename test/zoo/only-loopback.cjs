// Loaded into every client before its own code: what leaves this machine is refused, and noted in a file.
const { appendFileSync } = require('node:fs')
const { Socket, isIP } = require('node:net')
const dgram = require('node:dgram')

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/
const { connect } = Socket.prototype

Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args
  const host = typeof first === 'object' ? first.host : typeof args[1] === 'string' ? args[1] : undefined
  const isLocal = typeof first === 'string' || first?.path !== undefined || host === undefined || LOOPBACK.test(host)
  if (isLocal) return connect.apply(this, args)
  return refuse(host)
}
dgram.Socket.prototype.send = () => refuse('a datagram')

function refuse(target) {
  appendFileSync(process.env.ZOO_OUTBOUND, `${target}${isIP(target) ? '' : ' (name)'} from ${process.argv[1]}\n`)
  throw new Error(`The zoo has no way out to ${target}.`)
}
