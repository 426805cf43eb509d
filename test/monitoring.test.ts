import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { METRICS, type Metric, sampleNameOf } from '../src/observe/metrics/metric-table.ts'

const read = (name: string): string => readFileSync(new URL(`../examples/monitoring/${name}`, import.meta.url), 'utf8')

/** Names under which a collector stores the samples of a metric. */
function storedNames([name, metric]: [string, Metric]): readonly string[] {
  if (metric.type === 'histogram') return ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`)
  return [sampleNameOf(name, metric)]
}

const stored = new Map(
  Object.entries(METRICS).flatMap((row) => storedNames(row).map((name) => [name, row[1]] as const)),
)

/** Labels that a collector, or a histogram, has beside a metric's own. */
const COLLECTED = ['instance', 'job', 'le']

/** Every metric in an expression, and the labels that it is asked for. */
function metricsIn(expression: string): readonly { name: string; labels: readonly string[] }[] {
  return [...expression.matchAll(/\b((?:toolgate|mcp|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !COLLECTED.includes(name) && !isLabel(name))
    .map(([, name = '', asked = '']) => ({ name, labels: [...asked.matchAll(/(\w+)\s*[=!]/g)].map(([, l = '']) => l) }))
}

const labels = new Set(Object.values(METRICS).flatMap((metric) => metric.labels))
const isLabel = (name: string): boolean => labels.has(name)

/** What is wrong with the names in an expression. */
function mistakesIn(expression: string): readonly string[] {
  const found = metricsIn(expression)
  if (found.length === 0) return [`nothing is measured in ${expression}`]
  return found.flatMap(({ name, labels: asked }) => {
    const metric = stored.get(name)
    if (metric === undefined) return [`there is no ${name}`]
    return asked.filter((label) => ![...metric.labels, ...COLLECTED].includes(label)).map((l) => `${name} has no ${l}`)
  })
}

/** What the `by (…)` of an expression names. */
const groupsOf = (expression: string): readonly string[] =>
  [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))

const rules = (parse(read('rules.yaml')) as { groups: { rules: { alert: string; expr: string }[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const dashboard = JSON.parse(read('dashboard.json')) as {
  panels: { title: string; targets: { expr: string }[] }[]
  templating: { list: { query: string }[] }
}
const shown = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ alert: title, expr })))

describe('the alert rules and the dashboard that are shipped', () => {
  it.each([...rules, ...shown])('$alert asks for metrics and labels that there are', ({ expr }) => {
    expect(mistakesIn(expr)).toEqual([])
    for (const label of groupsOf(expr)) expect([...labels, ...COLLECTED]).toContain(label)
  })

  it('choose the instance by a metric that there is', () => {
    const [, query] = dashboard.templating.list
    expect(mistakesIn(query?.query ?? '')).toEqual([])
  })

  it('a wrong name would be found', () => {
    expect(mistakesIn('rate(toolgate_call_total[5m])')).toEqual(['there is no toolgate_call_total'])
    expect(mistakesIn('toolgate_calls_total{state="x"}')).toEqual(['toolgate_calls_total has no state'])
  })
})
