import { z } from 'zod'

/** Where the embedded storage lives. */
export interface StorageOptions {
  /** Absolute. */
  readonly directory: string
}

/** The options under `storage`, with their defaults. */
export const storageOptions: z.ZodType<StorageOptions> = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default('.toolgate')
    .describe('Folder of the embedded storage: keys and the pepper they are hashed with. Made when absent.'),
})
