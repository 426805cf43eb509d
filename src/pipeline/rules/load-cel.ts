import { ToolgateError } from '../../errors.ts'

/** The evaluator of CEL, and the linear engine of its regular expressions. */
export interface CelPackages {
  readonly cel: typeof import('@bufbuild/cel')
  readonly strings: typeof import('@bufbuild/cel/ext').strings
  readonly RE2JS: typeof import('@bufbuild/re2').RE2JS
}

/** Loads the packages, which are optional. Rejects with `NOT_CONFIGURED` and the command that installs them. */
export async function loadCel(): Promise<CelPackages> {
  try {
    const [cel, { strings }, { RE2JS }] = await Promise.all([
      import('@bufbuild/cel'),
      import('@bufbuild/cel/ext'),
      import('@bufbuild/re2'),
    ])
    return { cel, strings, RE2JS }
  } catch (cause) {
    throw new ToolgateError({
      code: 'NOT_CONFIGURED',
      message:
        '`access.rules` needs the packages @bufbuild/cel, @bufbuild/re2 and @bufbuild/protobuf, which are not installed.',
      hint: 'Install them: npm install @bufbuild/cel@0.6 @bufbuild/re2@0.6 @bufbuild/protobuf@2',
      cause,
    })
  }
}
