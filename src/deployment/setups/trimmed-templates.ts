import { posix } from 'node:path'
import type { Source } from '../../../parsers/text/source.ts'
import { keptPath } from '../outer-file.ts'
import { type ModuleCall, moduleCalls } from './module-calls.ts'

/** `#jinja2: trim_blocks: False` in the first line of a template, with which it sets its own way. */
const HEADER = /^#jinja2:.*\btrim_blocks\b/

/**
 * Whether Ansible renders a template with `trim_blocks`, which is its default: one of a role, or that a task names.
 * False too where a task without it may be the one that renders it.
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/template_module.html#parameter-trim_blocks
 */
export function trimsTemplates(setups: readonly Source[]): (template: Source) => boolean {
  const calls = setups.flatMap(source => moduleCalls(source)).filter(({ module }) => module === 'template')
  const named = new Set(calls.map(nameOf))
  const untrimmed = new Set(calls.filter(({ options }) => options.has('trim_blocks')).map(nameOf))
  return source => {
    const { text } = source
    const path = keptPath(source)
    const name = posix.basename(path)
    if (untrimmed.has(name) || untrimmed.has(null) || HEADER.test(text)) return false
    return named.has(name) || (calls.length > 0 && /(?:^|\/)roles\/[^/]+\/templates\//.test(path))
  }
}

/** The name of its file; null for one that a variable names. */
function nameOf({ options }: ModuleCall): string | null {
  const path = options.get('src')?.text.text
  return path === undefined || path.includes('{{') ? null : posix.basename(path)
}
