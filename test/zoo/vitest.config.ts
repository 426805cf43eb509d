import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'
import root from '../../vitest.config.ts'

const config: ViteUserConfig = mergeConfig(
  { ...root, test: {} },
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      include: ['test/zoo/**/*.test.ts'],
      exclude: ['**/node_modules/**'],
      testTimeout: 180_000,
      hookTimeout: 60_000,
    },
  }),
)

export default config
