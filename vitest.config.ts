import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^toolgate$/, replacement: at('./src/index.ts') },
      { find: /^toolgate\/testkit$/, replacement: at('./src/testkit/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // The clients of other people have a command of their own, `npm run zoo`.
    exclude: ['**/node_modules/**', 'test/zoo/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

export default config
