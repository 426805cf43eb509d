import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createScratchDatabase,
  hasMysql,
  MYSQL_MISSING,
  openDatabase,
  type ScratchDatabase,
  urlOf,
} from '../../../test/fixtures/mysql.ts'
import type { PrivilegeReport } from '../sql/privilege-report.ts'
import { parseGrant } from './parse-grants.ts'

const isThere = await hasMysql()

describe.skipIf(!isThere)(`what a login of MySQL or MariaDB may do (${MYSQL_MISSING})`, () => {
  let scratch: ScratchDatabase

  beforeAll(async () => {
    scratch = await createScratchDatabase(
      "CREATE TABLE orders (id INT PRIMARY KEY, status ENUM('open','it''s') NOT NULL COMMENT 'How far', total DECIMAL(14,2), note JSON, parent INT, UNIQUE (status), FOREIGN KEY (parent) REFERENCES orders (id)) COMMENT 'What was bought'",
      'CREATE TABLE other (a INT NOT NULL, b INT NOT NULL, c INT NULL, UNIQUE (a, b), UNIQUE (c))',
      'CREATE VIEW seen AS SELECT id FROM orders',
    )
  })

  afterAll(() => scratch.remove())

  async function reportOf(url: string): Promise<PrivilegeReport> {
    const database = await openDatabase(url)
    try {
      return await database.readPrivileges([{ schema: scratch.name, name: 'orders' }], new AbortController().signal)
    } finally {
      await database.close()
    }
  }

  const codes = ({ findings }: PrivilegeReport, severity: string): readonly string[] =>
    findings.filter((finding) => finding.severity === severity).map(({ code }) => code)

  it('is told for an administrator', async () => {
    const report = await reportOf(urlOf(scratch.name))
    expect(codes(report, 'refuse')).toEqual(
      expect.arrayContaining(['superuser', 'file-functions', 'process', 'all-databases', 'can-write', 'grant-option']),
    )
  })

  it.each<[grant: (name: string) => string, severity: string, code: string]>([
    [(name) => `ALL ON ${name}.*`, 'refuse', 'can-write'],
    [() => 'FILE ON *.*', 'refuse', 'file-functions'],
    [() => 'PROCESS ON *.*', 'refuse', 'process'],
    [() => 'SUPER ON *.*', 'refuse', 'superuser'],
    [() => 'CREATE USER ON *.*', 'refuse', 'administration'],
    [() => 'SELECT ON *.*', 'refuse', 'all-databases'],
    [() => 'DELETE ON *.*', 'refuse', 'can-write'],
    [() => 'SELECT ON mysql.global_priv', 'refuse', 'system-tables'],
    [(name) => `SELECT ON ${name}.*`, 'warn', 'reads-databases'],
    [(name) => `SELECT ON ${name}.other`, 'warn', 'reads-more'],
    [(name) => `UPDATE ON ${name}.orders`, 'warn', 'can-write-tables'],
    [(name) => `EXECUTE ON ${name}.*`, 'warn', 'execute'],
  ])('is told for one with a grant (%#)', async (grant, severity, code) => {
    expect(
      codes(await reportOf(await scratch.login(`SELECT ON ${scratch.name}.orders`, grant(scratch.name))), severity),
    ).toContain(code)
  })

  it('is nothing to speak of for the login that the remedy makes', async () => {
    const { remedy } = await reportOf(urlOf(scratch.name))
    const login = `${scratch.name.slice(9)}_remedy`
    try {
      for (const statement of remedy)
        await scratch.execute(
          statement.replaceAll('toolgate', login).replace(`${login}_${scratch.name.slice(9)}\``, `${scratch.name}\``),
        )
      const report = await reportOf(urlOf(scratch.name, login, 'choose a password'))
      expect(report.findings).toEqual([])
    } finally {
      await scratch.execute(`DROP USER IF EXISTS '${login}'@'%'`)
    }
  })

  it('does not keep the catalogue from it: tables, keys, comments and types', async () => {
    const database = await openDatabase(await scratch.login(`SELECT ON ${scratch.name}.*`))
    const { tables } = await database.readSchema(undefined, new AbortController().signal)
    await database.close()
    const [orders, other, seen] = tables
    expect(orders).toMatchObject({
      schema: scratch.name,
      kind: 'table',
      comment: 'What was bought',
      key: ['id'],
      foreignKeys: [{ columns: ['parent'], references: { schema: scratch.name, table: 'orders', columns: ['id'] } }],
    })
    expect(orders?.columns.map(({ type, family }) => [type, family])).toEqual([
      ['int(11)', 'integer'],
      ["enum('open','it''s')", 'enum'],
      ['decimal(14,2)', 'decimal'],
      ['json', 'json'],
      ['int(11)', 'integer'],
    ])
    expect(orders?.columns[1]).toMatchObject({ values: ['open', "it's"], comment: 'How far', isNullable: false })
    expect(other?.key).toEqual(['a', 'b'])
    expect(seen).toMatchObject({ name: 'seen', kind: 'view', key: [] })
  })
})

describe('a line of SHOW GRANTS', () => {
  it.each([
    ["GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*A'", ['USAGE'], 'server', false],
    ['GRANT SELECT (`a`, `b`), INSERT (`a`) ON `d`.`t` TO `u`@`%`', ['SELECT', 'INSERT'], 'table', false],
    ['GRANT ALL PRIVILEGES ON `d ON ``x`.* TO `u`@`%` WITH GRANT OPTION', ['ALL PRIVILEGES'], 'database', true],
    ['GRANT `r`@`%` TO `u`@`%`', ['`r`@`%`'], 'role', false],
    ['GRANT EXECUTE ON FUNCTION `d`.`f` TO `u`@`%`', ['EXECUTE'], 'other', false],
    ['SOMETHING NEW', ['SOMETHING NEW'], 'other', false],
  ])('%s', (line, privileges, kind, mayGrant) => {
    expect(parseGrant(line)).toMatchObject({ privileges, on: { kind }, mayGrant })
  })

  it('of a default role gives nothing', () => {
    expect(parseGrant('SET DEFAULT ROLE `r` FOR `u`@`%`')).toBeUndefined()
  })
})
