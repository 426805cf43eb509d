// The commit-msg hook: `type(scope): sentence`, where the scope is a folder that exists. Runs without a build.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const TYPES = ['feat', 'fix', 'perf', 'refactor', 'test', 'docs', 'build', 'ci', 'chore', 'revert']
const root = fileURLToPath(new URL('..', import.meta.url))

/** What is wrong with a message, or `undefined`. */
export function commitMessageMistake(message) {
  const [subject = '', second = ''] = message.split('\n').filter((line) => !line.startsWith('#'))
  if (/^(Merge|Revert) /.test(subject)) return undefined
  const parts = /^(?<type>\w+)(?:\((?<scope>[^)]+)\))?!?: (?<sentence>\S.*)$/.exec(subject)?.groups
  if (parts === undefined) return 'The first line must read `type(scope): what the change does`.'
  if (!TYPES.includes(parts.type)) return `\`${parts.type}\` is no type. Types: ${TYPES.join(', ')}.`
  if (parts.scope !== undefined && !isFolder(parts.scope)) {
    return `\`${parts.scope}\` is no scope. A scope is a part of src/ (\`edge\`, \`connectors/sdk\`, \`errors\`) or a folder beside it.`
  }
  if (subject.length > 100) return `The first line has ${subject.length} characters; 100 is the most.`
  if (second !== '') return 'The second line must be empty; the body says why.'
  return undefined
}

function isFolder(scope) {
  if (!/^[\w/-]+$/.test(scope)) return false
  return [`src/${scope}`, `src/${scope}.ts`, scope, `.${scope}`].some((path) => existsSync(`${root}${path}`))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mistake = commitMessageMistake(readFileSync(process.argv[2], 'utf8'))
  if (mistake !== undefined) {
    process.stderr.write(`${mistake}\nExample: fix(edge): answer 404 for a session of another principal\n`)
    process.exit(1)
  }
}
