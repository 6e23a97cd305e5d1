import { braceSteps } from './braces.ts'
import { jinjaSteps } from './jinja.ts'
import { MAKO_TAG, makoSteps } from './mako.ts'
import { codeSteps, percentSteps } from './percent.ts'
import { NOTHING, PRINT, type Step, type Tag } from './tag.ts'
import { toolkitSteps } from './toolkit.ts'
import { VLIB_TAG, vlibSteps } from './vlib.ts'

/** Go's templates take other delimiters than braces, of which these are written; behind them stands what Go alone says. */
const OPENING =
  /(?:\$\(\(|\[\[)(?=-?\s*(?:\.[A-Za-z]|(?:if|range|with|template|define|block|include)\s+[.("$]|(?:else|end)\s*-?\s*(?:\)\)|\]\])|else\s+if\s))|\[%(?=[-+=~]?[ \t]+[\w.$"'][^\n\]]*%\])|\{(?:[{%#]|!!)|<\/?%(?=(?:page|namespace|include|inherit|def|block|call|text|doc)[\s>])|<%|<\?(?:php\b|=)|[<{]\/?tmpl_|^[ \t]*%(?=[ \t]*(?:if|unless|else|elsif|elif|end|endif|for|endfor|while|endwhile|[\w@.]+\.each)\b)/gim
const CLOSINGS: Readonly<Record<string, string>> = {
  '{{': '}}',
  '{%': '%}',
  '{#': '#}',
  '{!!': '!!}',
  '<%': '%>',
  '<?php': '?>',
  '<?=': '?>',
  '$((': '))',
  '[[': ']]',
  '[%': '%]',
}
const RAW = /^\{%[-+]?\s*raw\s*[-+]?%\}$/
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g

/**
 * Every tag of a template engine in a text, in order. What Jinja calls raw it hands on as it is: braces are left there
 * for the engine that reads the result, as Ansible does of what cookiecutter writes, and all else is text.
 */
export function findTags(text: string): readonly Tag[] {
  const tags: Tag[] = []
  const unclosed = new Set<string>()
  // `server {# comment` is nginx's own where no Jinja is in sight.
  if (!text.includes('{%') && !text.includes('{{')) unclosed.add('{#')
  let rawEnd = 0
  OPENING.lastIndex = 0
  for (let match = OPENING.exec(text); match !== null; match = OPENING.exec(text)) {
    const opening = match[0].toLowerCase()
    const start = match.index
    if (start < rawEnd && opening !== '{{' && opening !== '{%') continue
    if (opening.includes('tmpl_')) {
      const tag = VLIB_TAG.exec(text.slice(start, start + LONGEST_TAG))
      if (tag === null) continue
      tags.push({ start, end: start + tag[0].length, steps: vlibSteps(tag) })
      OPENING.lastIndex = start + tag[0].length
      continue
    }
    if (opening === '<%' || opening === '</%') {
      const tag = MAKO_TAG.exec(text.slice(start, start + LONGEST_MAKO))
      if (tag !== null) {
        tags.push({ start, end: start + tag[0].length, steps: makoSteps(tag) })
        OPENING.lastIndex = start + tag[0].length
        continue
      }
      if (opening === '</%') continue
    }
    if (opening.trim() === '%') {
      // A whole line of ERB or Mako.
      const inside = start + opening.length
      const lineEnd = text.indexOf('\n', inside)
      const end = lineEnd === -1 ? text.length : lineEnd
      if (end - inside > LONGEST_TAG) continue
      tags.push({ start, end, steps: codeSteps(text.slice(inside, end).trim()) })
      OPENING.lastIndex = end
      continue
    }
    if (unclosed.has(opening)) continue
    const inside = start + opening.length
    const close = text.indexOf(CLOSINGS[opening] ?? '', inside)
    if (close === -1) {
      unclosed.add(opening)
      continue
    }
    // What comes so late belongs to something else: no engine's patterns are to walk a program of megabytes.
    if (close - inside > LONGEST[opening[0] === '{' && opening !== '{#' ? 'expression' : 'other']) continue
    const isTriple = opening === '{{' && text[inside] === '{' && text[close + 2] === '}'
    const end = close + (isTriple || opening === '{!!' ? 3 : 2)
    tags.push({ start, end, steps: stepsOf(opening, text.slice(inside, close)) })
    OPENING.lastIndex = end
    if (!RAW.test(text.slice(start, end))) continue
    END_RAW.lastIndex = end
    const endRaw = END_RAW.exec(text)
    if (endRaw === null) break
    rawEnd = endRaw.index
  }
  return tags
}

/** No tag of vlibTemplate, and no line of ERB's or Mako's code, is longer. */
const LONGEST_TAG = 300
/** Nor any tag or comment of Mako's own. */
const LONGEST_MAKO = 2000
/** Nor any expression or statement in braces; comments and code may be whole pages. */
const LONGEST = { expression: 10_000, other: 200_000 } as const

function stepsOf(opening: string, inner: string): readonly Step[] {
  switch (opening) {
    case '{{':
    case '$((':
    case '[[':
      return braceSteps(inner)
    case '{%':
      return jinjaSteps(inner) ?? NOTHING
    case '<%':
      return percentSteps(inner)
    case '[%':
      return toolkitSteps(inner)
    case '<?=':
    case '{!!':
      return PRINT
    case '<?php':
      return /^\s*(?:echo|print)\b/.test(inner) ? PRINT : codeSteps(inner)
    default:
      return NOTHING
  }
}
