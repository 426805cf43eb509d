import { SqlFailure, type SqlFailureKind } from '../sql/sql-failure.ts'

/** What the driver says of a failure. */
interface DriverError {
  readonly errno?: number
  readonly code?: string
  readonly message?: string
  readonly sqlMessage?: string
}

/**
 * A failure of the driver as one of ours. The server's sentence is shown for the kinds that quote nothing but what the
 * statement itself says or the names in it; the others quote rows (`Duplicate entry 'x' for key`).
 */
export function toSqlFailure(thrown: unknown): SqlFailure {
  if (thrown instanceof SqlFailure) return thrown
  const { errno, code = 'UNKNOWN', message = String(thrown), sqlMessage } = thrown as DriverError
  const isOfServer = sqlMessage !== undefined && errno !== undefined
  return new SqlFailure({
    kind: isOfServer ? (KINDS.get(errno) ?? 'statement') : kindOf(code),
    state: isOfServer ? String(errno) : code,
    text: sqlMessage ?? message,
    isTextSafe: isOfServer && SAFE.has(errno),
    cause: thrown,
  })
}

/** Whether a failure means that the session is of no more use. */
export function isLost({ kind }: SqlFailure): boolean {
  return kind === 'unavailable'
}

/** What is no error packet of the server is one of the connection, but for what the driver finds in the values. */
function kindOf(code: string): SqlFailureKind {
  return code === 'UNKNOWN' || code === 'ERR_INVALID_ARG_TYPE' ? 'other' : 'unavailable'
}

/** Syntax; names of databases, tables, columns, functions, aliases; what is not permitted; what is not supported. */
const SAFE: ReadonlySet<number> = new Set([
  1044, 1046, 1049, 1051, 1052, 1054, 1055, 1056, 1060, 1064, 1066, 1109, 1111, 1140, 1142, 1143, 1146, 1149, 1176,
  1205, 1213, 1222, 1227, 1235, 1241, 1247, 1248, 1295, 1305, 1317, 1318, 1370, 1582, 1630, 1792, 1969, 3024, 4042,
])

const KINDS: ReadonlyMap<number, SqlFailureKind> = new Map<number, SqlFailureKind>([
  ...[1044, 1142, 1143, 1227, 1370, 1290, 1449].map((errno) => [errno, 'permission'] as const),
  ...[1205, 1213, 1317, 1969, 3024, 1037, 1038, 1041, 1114, 1153, 1206, 1226, 1028, 1021].map(
    (errno) => [errno, 'resources'] as const,
  ),
  ...[
    1040, 1042, 1043, 1045, 1053, 1077, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1251, 1698, 1820, 1862,
    1927, 3118, 4031, 4151,
  ].map((errno) => [errno, 'unavailable'] as const),
])
