import type { PythonExpression } from '../../parsers/python/python-module.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindProxyPass } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindProxyPass(
    conf`
      import os
      from pathlib import Path
      BASE_DIR = Path(__file__).resolve().parent.parent
      ALLOWED_HOSTS = ["example.org", "127.0.0.1"]
      STATIC_URL = "/static/"
      MEDIA_URL = "/media/"
      ${settings}
    `,
    '',
    { tls: false },
  )

export default defineRule({
  summary: 'A path of the settings begins anew with a slash, and loses what stands before it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`os.path.join(BASE_DIR, "/static")` is `/static`: a part that begins with a slash takes the place of all before it, and `BASE_DIR / "/static"` is the same. `collectstatic` and uploads fail with `Permission denied: \'/static\'`, or write where no server looks for the files.',
  remedy: 'Leave the first slash out: `BASE_DIR / "static"`',
  references: [
    'https://docs.python.org/3/library/os.path.html#os.path.join',
    'https://docs.djangoproject.com/en/stable/ref/settings/#static-root',
  ],
  bad: [
    { title: 'os.path.join', files: project('STATIC_ROOT = os.path.join(BASE_DIR, «"/static"»)') },
    { title: 'a path', files: project('MEDIA_ROOT = BASE_DIR / «"/media/"»') },
    {
      title: 'an entry of a list',
      files: project(
        'STATICFILES_DIRS = [os.path.join(BASE_DIR, "assets"), os.path.join(BASE_DIR, «"/frontend/dist"»)]',
      ),
    },
    {
      title: 'a project of which its own manage.py alone tells',
      files: {
        'manage.py': conf`
          from django.core.management import execute_manager
          import settings
          execute_manager(settings)
        `,
        'settings.py': conf`
          import os
          BASE_DIR = os.path.dirname(__file__)
          MEDIA_ROOT = os.path.join(BASE_DIR, «"/media/"»)
        `,
      },
    },
  ],
  good: [
    { title: 'below the project', files: project('STATIC_ROOT = os.path.join(BASE_DIR, "static/")') },
    { title: 'a path of the system', files: project('STATIC_ROOT = "/srv/shop/static"') },
    {
      title: 'a directory that is there',
      files: {
        ...project('MEDIA_ROOT = os.path.join(BASE_DIR, "/srv/media")'),
        'srv/media/': '',
      },
    },
    {
      title: 'a path of the system that is joined',
      files: project('STATIC_ROOT = os.path.join("/srv/shop", "static")'),
    },
  ],
  *check(deployment) {
    const seen = new Set<PythonExpression>()
    for (const { settings, files } of djangoProjects(deployment)) {
      for (const name of NAMES) {
        const assigned = settings.expressionOf(name)
        if (assigned === null || seen.has(assigned.expression)) continue
        seen.add(assigned.expression)
        for (const { value, start, end, base } of absoluteParts(assigned.expression)) {
          if (mayBeMeant(files, value)) continue
          yield {
            at: { source: assigned.source, start, end },
            message: `this is \`${value}\`, without \`${base}\`: a part that begins with a slash takes the place of all before it`,
            label: `\`${value}\` of the file system`,
            help: `Write \`'${value.replace(/^\/+/, '')}'\``,
          }
        }
      }
    }
  },
})

const NAMES = ['STATIC_ROOT', 'MEDIA_ROOT', 'STATICFILES_DIRS', 'LOCALE_PATHS', 'FIXTURE_DIRS']

interface Part {
  readonly value: string
  readonly base: string
  readonly start: number
  readonly end: number
}

/** Texts that begin with a slash behind a name, in a call that joins paths or behind the `/` of one. */
function* absoluteParts(expression: PythonExpression): Iterable<Part> {
  if (expression.kind === 'list') for (const item of expression.items) yield* absoluteParts(item)
  const parts =
    expression.kind === 'call' && /(?:^|\.)path\.join$/.test(expression.callee)
      ? expression.args
      : expression.kind === 'binary' && expression.operator === '/'
        ? [expression.left, expression.right]
        : []
  const [base, ...others] = parts
  if (base?.kind !== 'name') return
  for (const other of others)
    if (other.kind === 'string' && /^\/\w/.test(other.value))
      yield { value: other.value, base: base.name, start: other.start, end: other.end }
}

/** A directory that is there, or one that systems have: somebody may want exactly it. */
function mayBeMeant(files: FileSystem, path: string): boolean {
  return files.kind(path) !== null || /^\/(?:srv|var|opt|home|usr|mnt|data|tmp|app|code|run|etc)\b/.test(path)
}
