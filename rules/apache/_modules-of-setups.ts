import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { buildSteps } from '../containers/_started-words.ts'

/** `a2enmod ssl proxy`, on as many lines as it takes. */
const BY_COMMAND = /\ba2enmod\b(?:[^\n;&|#\\]|\\\n)*?[ \t](proxy)(?![\w*?{[-])/g
/** The words behind `a2enmod`, which looks for modules by wildcards itself; `proxy{,_http}` is the shell's. */
const ENABLED = /\ba2enmod\b((?:[^\n;&|#\\]|\\\n)*)/g
/** A task of Ansible, up to the next one. */
const TASKS = /\bapache2_module:[\s\S]*?(?=\n[ \t]*- (?:name|ansible\.|hosts)\b|\n[ \t]*\n|$)/g
const NAMED =
  /(?:\bname[:=][ \t]*|^[ \t]*-[ \t]+(?:name:[ \t]*)?|[[,][ \t]*)["']?(proxy)["']?[ \t]*(?=$|[,\]}])/m

/**
 * Where scripts and playbooks enable `mod_proxy` on Debian, which brings none of the modules that speak a protocol. Null
 * where they, or what tells people how to set the machine up, name one of those.
 *
 * @param module without `_module`
 */
export function proxyAlone(deployment: Deployment, module: string): Place | null {
  const setups = deployment.setups()
  if (setups === null) return null
  const texts = [...setups, ...deployment.setupsBeside(), ...deployment.guides()].map(({ text }) => text)
  const steps = deployment.containers().flatMap(container => buildSteps(container))
  if ([...texts, ...steps].some(text => text.includes(module) || mayMatch(text, module))) return null
  for (const source of setups) {
    const place = enabledIn(source)
    if (place !== null) return place
  }
  return null
}

/** True where a word with wildcards or braces begins like the name of the module. */
function mayMatch(text: string, module: string): boolean {
  if (!text.includes('a2enmod')) return false
  return [...text.matchAll(ENABLED)].some(({ 1: words = '' }) =>
    words.split(/[\s"'\\]+/).some(word => {
      const open = word.search(/[*?{[]/)
      return open !== -1 && module.startsWith(word.slice(0, open))
    }),
  )
}

function enabledIn(source: Source): Place | null {
  const { code } = source
  const placed = (start: number): Place => ({ source, start, end: start + 'proxy'.length })
  for (const { 0: text, index } of code.matchAll(BY_COMMAND))
    return placed(index + text.length - 'proxy'.length)
  for (const { 0: task, index } of code.matchAll(TASKS)) {
    const found = NAMED.exec(task)
    if (found !== null && !/state:[ \t]*["']?absent/.test(task))
      return placed(index + found.index + found[0].lastIndexOf('proxy'))
  }
  return null
}
