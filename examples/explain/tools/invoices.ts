import { defineTool } from 'toolgate'
import { z } from 'zod'

export const getInvoice = defineTool({
  name: 'invoice_get',
  description: 'Gets an invoice.',
  input: z.object({ id: z.string() }),
  annotations: { readOnlyHint: true },
  run: ({ id }) => `Invoice ${id}`,
})

export const payInvoice = defineTool({
  name: 'invoice_pay',
  description: 'Pays an invoice.',
  input: z.object({ id: z.string() }),
  annotations: { idempotentHint: true },
  scopes: ['billing:pay'],
  timeoutMs: 5000,
  run: ({ id }) => `Paid ${id}`,
})
