import { expect, it } from 'vitest'

// What others import. A name that goes or changes its meaning is a major version; a new one wants a changeset.
it('toolgate exports these names', async () => {
  expect(Object.keys(await import('toolgate')).sort()).toEqual([
    'ConfigError',
    'ERRORS',
    'MemoryError',
    'ToolgateError',
    'UserError',
    'acceptedContent',
    'createApp',
    'defineConfig',
    'definePrompt',
    'defineResource',
    'defineTool',
    'elicit',
    'elicitUrl',
    'inputRequired',
    'isDefinition',
    'isInputRequired',
    'listRoots',
    'loadConfig',
    'page',
    'sample',
  ])
})

it('toolgate/testkit exports these names', async () => {
  expect(Object.keys(await import('toolgate/testkit')).sort()).toEqual([
    'SQL_FIXTURE',
    'SQL_SUITE_FIXTURE',
    'auditSinkSuite',
    'auditTrailSuite',
    'authenticatorSuite',
    'connectorSuite',
    'createMemoryAuditTrail',
    'keyStoreSuite',
    'rateCountersSuite',
    'recallStoreSuite',
    'replayStoreSuite',
    'sessionRecordsSuite',
    'sqlConnectorSuite',
    'sqlDatabaseSuite',
    'subjectKeyStoreSuite',
    'taskStoreSuite',
    'usageStoreSuite',
  ])
})
