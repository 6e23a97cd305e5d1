import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const [hook]: readonly { readonly files: string }[] = parse(readFileSync('.pre-commit-hooks.yaml', 'utf8'))
// Python's verbose expressions: white space means nothing, and none stands in a class here.
const filter = new RegExp((hook?.files ?? '').replace(/^\(\?x\)/, '').replace(/\s+/g, ''))

/** Whether a change of the file makes pre-commit run the hook. */
export function runsHook(path: string): boolean {
  return filter.test(path)
}
