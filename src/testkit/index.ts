/** Contract suites for implementations of Toolgate's interfaces. They bring their assertions and run under any runner. */

export { createMemoryAuditTrail, type MemoryAuditTrail } from '../audit/memory-audit-trail.ts'
export { type AuditSinkSubject, auditSinkSuite } from './audit-sink-suite.ts'
export { type AuditTrailSubject, auditTrailSuite } from './audit-trail-suite.ts'
export { type AuthenticatorSubject, authenticatorSuite } from './authenticator-suite.ts'
export { type ConnectorSuiteOptions, type ConnectorUnderTest, connectorSuite } from './connector-suite.ts'
export type { ContractCase } from './contract-case.ts'
export { keyStoreSuite } from './key-store-suite.ts'
export { type RateCountersSubject, rateCountersSuite } from './rate-counters-suite.ts'
export { recallStoreSuite } from './recall-store-suite.ts'
export { type ReplayStoreSubject, replayStoreSuite } from './replay-store-suite.ts'
export { sessionRecordsSuite } from './session-records-suite.ts'
export { type SqlConnectorSuiteOptions, type SqlConnectorUnderTest, sqlConnectorSuite } from './sql-connector-suite.ts'
export {
  SQL_SUITE_FIXTURE,
  type SqlDatabaseSubject,
  type SqlDatabaseUnderTest,
  sqlDatabaseSuite,
} from './sql-database-suite.ts'
export { SQL_FIXTURE } from './sql-fixture.ts'
export { subjectKeyStoreSuite } from './subject-key-store-suite.ts'
export { taskStoreSuite } from './task-store-suite.ts'
export { usageStoreSuite } from './usage-store-suite.ts'
