import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue, textList } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const settings = (directories: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      STATIC_URL = "/static/"
      STATIC_ROOT = "/srv/shop/static"
      STATICFILES_DIRS = ${directories}
    `,
  })

export default defineRule({
  summary: 'The static files are to be collected from the directory that they are collected into',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `STATIC_ROOT` among `STATICFILES_DIRS` each command of `manage.py` that checks the settings stops, `collectstatic` and `migrate` too: `(staticfiles.E002) The STATICFILES_DIRS setting should not contain the STATIC_ROOT setting`.',
  remedy: 'Keep the sources in a directory of their own, and name that one in `STATICFILES_DIRS`',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#staticfiles-dirs'],
  unproven: 'A command of `manage.py` stops before any server is asked',
  bad: [
    { title: 'the same directory', files: settings('«["/srv/shop/static"]»') },
    { title: 'in another spelling', files: settings('«["/srv/shop/assets", "/srv/shop/static/"]»') },
  ],
  good: [
    { title: 'a directory of the sources', files: settings('["/srv/shop/assets"]') },
    { title: 'a directory below', files: settings('["/srv/shop/static/src"]') },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const fact = settings.get('STATICFILES_DIRS')
      const root = settings.get('STATIC_ROOT')
      if (fact?.known !== true || fact.at === null || root?.known !== true || typeof root.value !== 'string')
        continue
      const isRoot = (path: string): boolean =>
        typeof root.value === 'string' && resolved(path) === resolved(root.value)
      if (!(textList(settings, 'STATICFILES_DIRS') ?? []).some(isRoot)) continue
      yield {
        at: assignedValue(fact.at),
        message: `\`STATIC_ROOT\` is among these, so \`manage.py\` stops: (staticfiles.E002)`,
        label: 'holds STATIC_ROOT',
        related: root.at === null ? [] : [{ at: root.at, message: 'collected into this one' }],
      }
    }
  },
})

function resolved(path: string): string {
  return posix.resolve('/', path)
}
