import { always, close, INSERT, NOTHING, type Step } from './tag.ts'

/** `<%page args="name"/>`, `<%def name="site(name)">`, `</%def>`; ERB's code ends in `%>`. A comment is one with its text. */
export const MAKO_TAG =
  /^<%doc>[\s\S]*?<\/%doc>|^<(?<end>\/?)%(?<name>page|namespace|include|inherit|def|block|call|text)(?:\s+[\w:]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<alone>\/?)>/

/** What a tag of Mako's own does: blocks and functions print what stands in them, somewhere. */
export function makoSteps({ groups = {} }: RegExpExecArray): readonly Step[] {
  const { name = '', end, alone } = groups
  if (name === 'include') return INSERT
  if (!/^(?:def|block|call|text)$/.test(name) || alone === '/') return NOTHING
  return [end === '/' ? close(name) : always(name)]
}
