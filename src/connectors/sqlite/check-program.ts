/** A row of EXPLAIN (https://sqlite.org/opcode.html). */
export type Instruction = readonly unknown[]

/** Which pages of which database a program may open. */
export interface Reach {
  /** The number that the program has for the attached file. */
  readonly database: number
  /** Of the tables behind the views and their indexes. */
  readonly roots: ReadonlySet<number>
}

/** What a program does that it must not. */
export type ProgramFault = 'table' | { readonly does: string }

/**
 * Reads the program that SQLite compiled of a statement, and answers what in it is not allowed; undefined when all is. An
 * instruction or function that is not known here is not allowed.
 */
export function checkProgram(program: readonly Instruction[], reach: Reach): ProgramFault | undefined {
  if (program[0]?.[1] !== 'Init') return { does: 'something that is no query' }
  for (const instruction of program) {
    const fault = checkInstruction(instruction, reach)
    if (fault !== undefined) return fault
  }
  return undefined
}

function checkInstruction(instruction: Instruction, reach: Reach): ProgramFault | undefined {
  const [, opcode, , p2, p3, p4, p5] = instruction
  switch (opcode) {
    case 'OpenRead':
    case 'ReopenIdx':
      return isWithin({ root: Number(p2), database: Number(p3), flags: Number(p5) }, reach) ? undefined : 'table'
    case 'Transaction':
      return Number(p2) === 0 ? undefined : { does: 'a write' }
    case 'Function':
    case 'PureFunc':
    case 'AggStep':
    case 'AggStep1':
    case 'AggInverse':
    case 'AggValue':
    case 'AggFinal':
      return checkFunction(String(p4))
    case 'VOpen':
      return { does: 'a function that answers a table' }
    default:
      return OPCODES.has(String(opcode)) ? undefined : { does: `the operation ${String(opcode)}` }
  }
}

/** OPFLAG_P2ISREG: the page is in a register, so nobody can know it beforehand. */
const PAGE_IN_REGISTER = 0x10

function isWithin(opened: { root: number; database: number; flags: number }, { database, roots }: Reach): boolean {
  return opened.database === database && roots.has(opened.root) && (opened.flags & PAGE_IN_REGISTER) === 0
}

/** Written as `upper(1)`, with the count of arguments. */
function checkFunction(written: string): ProgramFault | undefined {
  const name = /^(.*)\(-?\d+\)$/.exec(written)?.[1]?.toLowerCase()
  return name !== undefined && FUNCTIONS.has(name) ? undefined : { does: `the function ${name ?? written}` }
}

/** Work on registers, on cursors that are open, and on tables that live as long as the statement. */
const OPCODES: ReadonlySet<string> = new Set(
  `Init Goto Halt HaltIfNull Noop Explain Abortable Integer Int64 Real String String8 Null SoftNull Blob Move Copy SCopy IntCopy
  ResultRow Concat Add Subtract Multiply Divide Remainder BitAnd BitOr ShiftLeft ShiftRight BitNot CollSeq AddImm MustBeInt
  RealAffinity Cast Eq Ne Lt Le Gt Ge ElseEq Permutation Compare Jump And Or Not IsTrue Once If IfNot IsNull NotNull ZeroOrNull
  IsType IfNullRow Column Affinity MakeRecord Count OpenDup OpenEphemeral OpenAutoindex SorterOpen SequenceTest OpenPseudo Close
  ColumnsUsed SeekGE SeekGT SeekLE SeekLT SeekScan SeekHit IfNotOpen IfNoHope NotFound Found NoConflict SeekRowid NotExists
  Sequence NewRowid Insert Delete IdxInsert IdxDelete RowData SorterCompare SorterData SorterInsert SorterSort SorterNext
  ResetSorter Rowid NullRow SeekEnd Last IfSmaller IfSizeBetween IfEmpty Sort Rewind Prev Next DeferredSeek IdxRowid FinishSeek
  IdxLE IdxGT IdxLT IdxGE RowSetAdd RowSetRead RowSetTest Return Gosub Yield InitCoroutine EndCoroutine BeginSubrtn
  DecrJumpZero IfPos OffsetLimit IfNotZero MemMax ClrSubtype GetSubtype SetSubtype FilterAdd Filter ReleaseReg`.split(
    /\s+/,
  ),
)

/** Of data alone. Patterns that can take for ever are left out, and all that tells of the library, the connection or files. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs avg ceil ceiling char charindex coalesce concat concat_ws cos count cume_dist current_date current_time current_timestamp
  date datetime degrees dense_rank exp first_value floor format glob group_concat hex ifnull iif instr json json_array
  json_array_length json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch
  json_quote json_remove json_replace json_set json_type json_valid -> ->> julianday lag last_value lead length like likelihood
  likely ln log log10 log2 lower ltrim max median min mod nth_value ntile nullif octet_length percent_rank pi pow power printf
  quote radians random rank replace round row_number rtrim sign sin soundex sqrt stdev strftime string_agg substr substring sum
  tan time timediff total trim trunc typeof unhex unicode unixepoch unlikely upper variance zeroblob`.split(/\s+/),
)
