import { isDockerfile } from './compose-values.ts'
import type { Files, Lay } from './files.ts'

export type Words = readonly string[]

const STARTS =
  /\.service$|(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$|(?:^|\/)Procfile$|\.sh$|^Makefile$|supervisor[^/]*\.(?:conf|ini)$|^etc\/supervisor\//

/** A list of words, as Dockerfiles and compose files have it. */
const LIST = /\[[ \t]*"(?:[^"\\\n]*)"(?:[ \t]*,[ \t]*"(?:[^"\\\n]*)")*[ \t]*\]/g

/**
 * The words of each command of a program, by which name it is called; what has quotes or goes on in another line stays.
 *
 * @param change null leaves a command as it is; the first word is the program
 */
export function ofCommands(name: string, change: (words: Words, files: Files) => Words | null): Lay {
  const text = new RegExp(
    String.raw`(?<=^(?:ExecStart=|command=|CMD |ENTRYPOINT |web: |exec |\t|[ ]*command: (?:exec )?)?)((?:[\w./-]*/)?${name})((?:[ ]+[^\s"'\\|&;<>#]+)*)[ ]*$`,
    'gm',
  )
  const isProgram = (word: string | undefined): boolean =>
    word === name || word?.endsWith(`/${name}`) === true
  return files => {
    let isChanged = false
    const inWords = (words: Words): Words => {
      const changed = change(words, files)
      if (changed === null || changed.join(' ') === words.join(' ')) return words
      isChanged = true
      return changed
    }
    const laid = Object.entries(files).map(([path, code]) => {
      if (!STARTS.test(path) && !isDockerfile(path)) return [path, code]
      const listed = code.replace(LIST, whole => {
        const words = JSON.parse(whole) as Words
        if (!isProgram(words[0])) return whole
        return `[${inWords(words)
          .map(word => JSON.stringify(word))
          .join(', ')}]`
      })
      return [
        path,
        listed.replace(text, (_, program: string, rest: string) =>
          inWords([program, ...rest.split(/ +/).filter(word => word !== '')]).join(' '),
        ),
      ]
    })
    return isChanged ? Object.fromEntries(laid) : null
  }
}

export interface Option {
  /** Null for a word that is no option. */
  readonly name: string | null
  readonly value: string | null
}

export type Names = Readonly<Record<string, string>>

export const GUNICORN: Names = {
  '-b': '--bind',
  '-w': '--workers',
  '-k': '--worker-class',
  '-t': '--timeout',
  '-c': '--config',
  '-u': '--user',
  '-g': '--group',
  '-m': '--umask',
  '-e': '--env',
  '-n': '--name',
  '-p': '--pid',
}

export const CELERY: Names = {
  '-A': '--app',
  '-b': '--broker',
  '-l': '--loglevel',
  '-c': '--concurrency',
  '-Q': '--queues',
  '-n': '--hostname',
  '-P': '--pool',
  '-s': '--schedule',
}

export const DAPHNE: Names = { '-b': '--bind', '-p': '--port', '-u': '--unix-socket' }

/** Options that take no value. */
const FLAGS =
  /^(?:--(?:reload|preload|daemon|sendfile|check-config|proxy-headers|no-[\w-]+|access-log|factory|capture-output|beat|without-\w+|events|spew|use-colors|reuse-port|initgroups|version|help)|-[DRBEdvh])$/

export function optionsOf(words: Words, names: Names): readonly Option[] | null {
  const found: Option[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const [, long, value] = /^(--[\w-]+)=(.*)$/.exec(word) ?? []
    if (long !== undefined) found.push({ name: long, value: value ?? '' })
    else if (!word.startsWith('-')) found.push({ name: null, value: word })
    else if (FLAGS.test(word)) found.push({ name: word, value: null })
    else if (/^-\w.+/.test(word)) {
      const short = word.slice(0, 2)
      if (names[short] === undefined) return null
      found.push({ name: short, value: word.slice(2) })
    } else {
      const next = words[++at]
      if (next === undefined) return null
      found.push({ name: word, value: next })
    }
  }
  return found
}
