import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { settingValue } from './_setting-entries.ts'

const project = (lines: string, path = 'web/.env'): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      import os
      from pathlib import Path
      import environ
      BASE_DIR = Path(__file__).resolve().parent.parent
      env = environ.Env()
      ${lines}
      ALLOWED_HOSTS = ["example.org", "web"]
      SECRET_KEY = env("SECRET_KEY")
    `,
  }),
  [path]: 'SECRET_KEY=abc\n',
})

export default defineRule({
  summary: 'The settings read a file of variables where none is',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: '`read_env()` of django-environ looks for `.env` beside the file that calls it, which is the package of the settings, and not the directory of `manage.py`. Neither it nor `load_dotenv()` fails where the file is not there: the variables are not set, and the application does not start: `ImproperlyConfigured: Set the SECRET_KEY environment variable`.',
  remedy: 'Name the file: `environ.Env.read_env(BASE_DIR / ".env")`',
  references: [
    'https://django-environ.readthedocs.io/en/latest/quickstart.html',
    'https://github.com/theskumar/python-dotenv#getting-started',
  ],
  bad: [
    { title: 'beside the settings', files: project('«environ.Env.read_env()»') },
    {
      title: 'a path that is not that of the file',
      files: project('from dotenv import load_dotenv\n«load_dotenv(BASE_DIR / ".env")»', 'web/shop/.env'),
    },
    {
      title: 'a joined path',
      files: project('«env.read_env(os.path.join(BASE_DIR, ".env"))»', 'web/shop/.env'),
    },
  ],
  good: [
    { title: 'where it is', files: project('environ.Env.read_env(BASE_DIR / ".env")') },
    { title: 'beside the settings, where it is', files: project('environ.Env.read_env()', 'web/shop/.env') },
    {
      title: 'dotenv, which looks in the directories above',
      files: project('from dotenv import load_dotenv\nload_dotenv()'),
    },
    {
      title: 'no file at all, as of a repository',
      files: project('environ.Env.read_env()', 'web/.env.example'),
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const { settings, files } of djangoProjects(deployment)) {
      const base = settingValue(settings, 'BASE_DIR')
      for (const path of settings.files) {
        const source = sourceAt(files, path)
        if (source === null || seen.has(source.path) || !CALL.test(source.code)) continue
        seen.add(source.path)
        for (const match of source.code.matchAll(new RegExp(CALL.source, 'gm'))) {
          const [call, reader, argument = ''] = match
          const wanted = fileOf(reader ?? '', argument.trim(), path, typeof base === 'string' ? base : null)
          const other =
            wanted === null || files.kind(wanted) !== null ? null : fileNearby(files, wanted, path)
          if (wanted === null || other === null) continue
          const start = match.index
          yield {
            at: { source, start, end: start + call.length },
            message: `this reads \`${posix.basename(wanted)}\` in \`${posix.dirname(wanted)}\`, where it is not, and passes over that without a word: the file is \`${other}\``,
            label: 'no such file',
          }
        }
      }
    }
  },
})

/** A call at the top level, with nothing that lets it search. */
const CALL = /^((?:[\w.]+\.)?(?:read_env|load_dotenv))\(((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*)\)/m

/** The file that a call reads; null where nobody knows, or it looks in several directories. */
function fileOf(reader: string, argument: string, settings: string, base: string | null): string | null {
  if (argument === '') return /read_env$/.test(reader) ? posix.join(posix.dirname(settings), '.env') : null
  const name =
    /^(?:(?:str|Path)\()?(?:BASE_DIR\s*\/\s*|os\.path\.join\(BASE_DIR,\s*)["'](\.env[\w.-]*)["']\)*$/.exec(
      argument,
    )?.[1]
  return name === undefined || base === null ? null : posix.join(base, name)
}

/** The same name in the directory above, or in that of the settings. */
function fileNearby(files: FileSystem, wanted: string, settings: string): string | null {
  const name = posix.basename(wanted)
  const directories = [posix.dirname(posix.dirname(wanted)), posix.dirname(settings)]
  return (
    directories
      .map(each => posix.join(each, name))
      .find(each => each !== wanted && files.kind(each) === 'file') ?? null
  )
}
