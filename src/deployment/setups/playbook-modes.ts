import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type ModuleCall, moduleCalls } from './module-calls.ts'

/** The bits that a task of Ansible gives a file, written as a number without a leading zero. */
export interface PlainMode {
  /** As written. */
  readonly text: string
  readonly at: Place
  /** The file or directory of the task; null where it is not written out. */
  readonly path: string | null
}

/**
 * Every `mode: 640` of a playbook. It is the decimal number for YAML, and Ansible takes a number as it is: only a text is
 * read as octal digits. What a template fills in is a text again.
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html#parameter-mode
 */
export const plainModes = memo((source: Source): readonly PlainMode[] =>
  /\bmode:[ \t]*[1-7]/.test(source.text) ? moduleCalls(source).flatMap(modeOf) : [],
)

/** What `chmod` has a bit for. */
const HIGHEST = 0o7777

function modeOf({ options }: ModuleCall): readonly PlainMode[] {
  const mode = options.get('mode')
  if (mode === undefined || !mode.plain || mode.tag !== null) return []
  const { text } = mode.text
  if (!/^[1-7]?[1-7][0-7]{2}$/.test(text) || Number(text) > HIGHEST) return []
  const path = (options.get('dest') ?? options.get('path') ?? options.get('name'))?.text.text ?? ''
  return [{ text, at: mode.at, path: /^\/[\w./@+-]+$/.test(path) ? path : null }]
}
