import type { Source } from '../text/source.ts'

const MADE = /\b(?:const|let|var)\s+(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*express\(\)/g
/** What others get of a script by loading it, not by a call of it. */
const EXPORTS = /\b(?:module\.)?exports\s*=\s*\{[^{}]*\}|\bexport\s*\{[^{}]*\}/g
/** Functions that answer requests with an application, and set nothing of it. */
const SERVING = /(?:^|\.)(?:createServer|createSecureServer|Server|use)$/

/** True for a script that makes its application of Express itself, and gives it to no function that could set something of it. */
export function keepsItsApplication({ code }: Source): boolean {
  const [made, ...others] = [...code.matchAll(MADE)]
  if (made === undefined || others.length > 0) return false
  const [, name = ''] = made
  const own = code.replace(EXPORTS, '')
  if (new RegExp(`[{,]\\s*${name}\\s*[,}]|:\\s*${name}\\s*[,}]`).test(own)) return false
  const given = own.matchAll(new RegExp(`([\\w.)\\]]+)\\s*\\(\\s*(?:[^()]*,\\s*)?${name}\\s*[,)]`, 'g'))
  return [...given].every(([, called = '']) => SERVING.test(called))
}
