import { posix } from 'node:path'
import type { Source } from '../text/source.ts'

const WORDS = ['example', 'sample', 'template', 'dist', 'tmpl', 'default', 'defaults']

/**
 * The file that is kept in a repository in place of a file of variables, to be copied and filled in: `.env.example` of
 * `.env`, `.env.prod-sample` of `.env.prod`. It says which variables are set, and not what they hold; null where there
 * is none.
 */
export function exampleOf(path: string, read: (path: string) => Source | 'missing' | null): Source | null {
  const directory = posix.dirname(path)
  const name = posix.basename(path)
  const sourceOf = (each: string): Source | null => {
    const source = read(posix.join(directory, each))
    return source === 'missing' ? null : source
  }
  // Who keeps one for containers beside it means that to be copied there.
  if (forContainers(name).some(each => sourceOf(each) !== null)) return null
  for (const word of WORDS) {
    const names = [`${name}.${word}`, `${name}-${word}`, `${name}_${word}`]
    if (name === '.env') names.push(`env.${word}`, `${word}.env`, `.${word}.env`)
    for (const each of names) {
      const source = sourceOf(each)
      if (source !== null) return source
    }
  }
  return null
}

const MARKS = ['docker', 'compose', 'sail']
const BETWEEN = ['.', '-', '_']

function forContainers(name: string): readonly string[] {
  const named = MARKS.flatMap(mark =>
    BETWEEN.flatMap(between => [
      `${name}${between}${mark}`,
      ...WORDS.flatMap(word => [
        `${name}.${mark}${between}${word}`,
        `${name}.${word}${between}${mark}`,
        `${name}-${mark}${between}${word}`,
      ]),
    ]),
  )
  return [...named, `${name}.dev.docker`, 'docker.env']
}
