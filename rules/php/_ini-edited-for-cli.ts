import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isScript, isYaml } from '../../src/deployment/setups/setup-commands.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/deployment/places.ts'

/** A script or a task of a playbook that writes limits of uploads into the `php.ini` of the command line. */
interface EditOfCli {
  readonly at: Place
  readonly setting: string
}

/**
 * Limits of uploads that scripts and playbooks write for the command line, where nginx gives PHP to FPM, and nothing of
 * the repository writes them where FPM or Apache would read them.
 */
export function* inIniOfCli(deployment: Deployment): Iterable<RuleFinding> {
  const texts = deployment.setups() ?? []
  const edits = texts.flatMap(editsIn)
  if (edits.length === 0 || texts.some(({ text }) => ELSEWHERE.test(text))) return
  const front = deployment.connections.nginx.find(({ pass }) => pass.name === 'fastcgi_pass')
  if (front === undefined) return
  for (const { at, setting } of edits) {
    // What a pool says holds, or nobody knows.
    if (deployment.programs.some(each => each.kind === 'php-fpm' && each.phpSetting(setting) !== null))
      continue
    yield {
      at,
      message: `the command line gets no uploads, and FPM does not read this file: there \`${setting}\` stays what it is`,
      label: 'of the command line alone',
      related: [{ at: namePlace(front.pass), message: 'FPM answers' }],
      help: 'Write it into `fpm/php.ini` of the same release, and reload FPM',
    }
  }
}

/** Where FPM, Apache or all of them would read it. */
const ELSEWHERE =
  /\/(?:fpm|apache2)\/(?:php\.ini|conf\.d|pool\.d)|php-fpm\.d|\/etc\/php\.(?:ini|d)|\/etc\/php\/[^/\s]+\/mods-available|\.user\.ini|php_(?:admin_)?value|\/etc\/php[^\n]*(?:\*|\{\{\s*item|\$\w*(?:sapi|item))/i

const INI = /(?:\/etc\/php5?\/(?:[^\s"'/]+|\{\{[^}]*\}\}|\$\{?\w+\}?)\/cli|\/etc\/php5\/cli)\/php\.ini/g
const SETTING = /\b(upload_max_filesize|post_max_size)\b/

const editsIn = memo((source: Source): readonly EditOfCli[] => {
  const { text } = source
  if (!text.includes('/cli/php.ini') || !(isYaml(source) || isScript(source))) return []
  return [...text.matchAll(INI)].flatMap(({ 0: path, index }): EditOfCli[] => {
    const around = isYaml(source) ? taskAround(text, index) : lineAround(text, index)
    const setting = SETTING.exec(around)?.[1]
    if (setting === undefined || /^\s*#/.test(lineAround(text, index))) return []
    return [{ at: { source, start: index, end: index + path.length }, setting }]
  })
})

function lineAround(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at) + 1).split('\n', 1)[0] ?? ''
}

/** From the dash of a task to that of the next one. */
function taskAround(text: string, at: number): string {
  const starts = [
    ...text.matchAll(
      /^([ \t]*)-[ \t]+(?:name|ansible\.builtin\.\w+|lineinfile|replace|ini_file|shell|command):?/gm,
    ),
  ]
  const before = starts.filter(({ index }) => index <= at).at(-1)
  const after = starts.find(({ index }) => index > at)
  return text.slice(before?.index ?? 0, after?.index)
}
