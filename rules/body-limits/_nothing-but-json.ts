import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { bodyReaders, type BodyReader } from '../../parsers/javascript/express-bodies.ts'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { loadedScripts } from '../app-server/_loaded-scripts.ts'

/** Packages that read the body of a request by themselves, with limits of their own, or pass it on. */
const TAKES_BODIES =
  /multer|multiparty|formidable|busboy|skipper|fileupload|file-upload|graphql-upload|graphql-yoga|^apollo-server|body|proxy|^tus-|@tus\/|companion|^next$|^nuxt|^parse-server|^ghost$|trpc|^@(?:nestjs|adonisjs|feathersjs|loopback|keystone|strapi)/
/** A request that is read as a stream. */
const STREAMED =
  /\b(?:req|request)\s*\.\s*(?:pipe\b|on\(\s*['"](?:data|readable))|\bpipeline\(\s*req\b|\bof\s+req(?:uest)?\s*\)|\bReadable\.toWeb\b/
const USES_BODY = /\b(?:req|request)\s*\.\s*body\b|\{[^{}]*\bbody\b[^{}]*\}\s*=\s*req\b/
const TAKES_REQUESTS = /\.\s*(?:post|put|patch|all)\(/

/**
 * The reader by which Express takes the JSON of every request, with the limit that it has by itself; null where another
 * one may take larger bodies, or something else reads them.
 */
export const jsonWithoutLimit = memo((program: AppServerProgram): BodyReader | null => {
  const { server } = program
  if (server.program !== 'node' || !server.settings.has('express')) return null
  const scripts = loadedScripts(program)
  const all = scripts.flatMap(bodyReaders)
  const [first, ...others] = all.filter(({ name }) => name === 'json')
  if (first === undefined || !first.ofAll || first.hasLimit !== false) return null
  // One of the same script that stands behind it finds the body read, or refused.
  const isFirst = others.every(({ at, hasLimit }) => hasLimit === false || at.source === first.at.source)
  const mayRead = all.some(({ name, hasLimit }) => /^(?:raw|text)$/.test(name) && hasLimit !== false)
  const isSaid = (pattern: RegExp): boolean => scripts.some(({ code }) => pattern.test(code))
  if (!isFirst || mayRead || !isSaid(USES_BODY) || !isSaid(TAKES_REQUESTS) || isSaid(STREAMED)) return null
  return takesBodiesOtherwise(program, first) ? null : first
})

/** True where a package may take them, and where nobody knows which are installed. */
function takesBodiesOtherwise({ machine }: AppServerProgram, { at }: BodyReader): boolean {
  const files = machine.container?.hostFiles ?? machine.files
  for (let directory = posix.dirname(at.source.path); ; directory = posix.dirname(directory)) {
    const manifest = sourceAt(files, posix.join(directory, 'package.json'))
    if (manifest !== null)
      return [...readPackageJson(manifest).dependencies].some(
        name => name !== 'body-parser' && TAKES_BODIES.test(name),
      )
    if (directory === posix.dirname(directory)) return true
  }
}
