/** What is wrong with a message, or `undefined`. */
export function commitMessageMistake(message: string): string | undefined
