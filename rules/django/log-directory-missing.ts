import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { settingsOfContainers } from '../containers/_database-clients.ts'
import { makesDirectories, missingIn } from '../containers/_missing-directory.ts'
import { djangoBehindNginx } from './_examples.ts'
import { entryPlace } from './_setting-entries.ts'

const tree = (
  filename: string,
  { lines = '', service = '', before = '', delay = '' } = {},
): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      import os
      ${before}
      BASE_DIR = "/app"
      ALLOWED_HOSTS = ["*"]
      LOGGING = {
          "version": 1,
          "handlers": {
              "file": {"class": "logging.FileHandler", "filename": ${filename}${delay}},
          },
          "root": {"handlers": ["file"], "level": "INFO"},
      }
    `,
    environment: service,
  }),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    ${lines}
  `,
})
const VAR_LOG = '"/var/log/shop/django.log"'

export default defineRule({
  summary: 'Django logs to a directory that its image does not have',
  severity: 'error',
  otherSeverities: { warning: 'where the directory of the repository may have it, and a clone has not' },
  confidence: 'high',
  since: '0.1.0',
  why: "Python opens the file of a log when the settings are loaded, and makes no directory for it: `ValueError: Unable to configure handler 'file'`, `FileNotFoundError: [Errno 2] No such file or directory`. The container ends before it answers anything. An image has the directories alone that its base brings and its steps make, and git keeps none that is empty.",
  remedy:
    'Make it in the Dockerfile (`RUN mkdir -p /var/log/shop`), or log to the console, which `docker logs` shows',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/logging/#configuring-logging',
    'https://docs.python.org/3/library/logging.handlers.html#filehandler',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'a directory of the system', files: tree(`«${VAR_LOG}»`) },
    {
      title: 'a directory of the project that no file is in',
      files: tree('«os.path.join(BASE_DIR, "logs/django.log")»'),
    },
  ],
  good: [
    { title: 'made by the build', files: tree(VAR_LOG, { lines: 'RUN mkdir -p /var/log/shop' }) },
    { title: 'a volume', files: tree(VAR_LOG, { service: 'volumes: ["logs:/var/log/shop"]' }) },
    { title: 'a volume of the image', files: tree(VAR_LOG, { lines: 'VOLUME /var/log/shop' }) },
    {
      title: 'made by the settings',
      files: tree(VAR_LOG, { before: 'os.makedirs("/var/log/shop", exist_ok=True)' }),
    },
    {
      title: 'kept by a file in it',
      files: { ...tree('os.path.join(BASE_DIR, "logs/django.log")'), 'web/logs/.gitkeep': '' },
    },
    { title: 'a directory of the image', files: tree('"/var/log/django.log"') },
    { title: 'opened when it is needed', files: tree(VAR_LOG, { delay: ', "delay": True' }) },
    {
      title: 'a script that makes it',
      files: {
        ...tree(VAR_LOG, { lines: 'ENTRYPOINT ["/app/entrypoint.sh"]' }),
        'web/entrypoint.sh': '#!/bin/sh\nmkdir -p /var/log/shop\nexec "$@"\n',
      },
    },
  ],
  *check(deployment) {
    for (const [container, all] of settingsOfContainers(deployment))
      for (const settings of all) {
        if (settings.names.has('LOGGING_CONFIG') || makesDirectories(container, settings.files)) continue
        for (const { name, filename } of filesOf(settings)) {
          const directory = posix.dirname(cleanPath(filename))
          const missing = missingIn(container, directory)
          const at = entryPlace(settings, 'LOGGING', ['handlers', name, 'filename'], 'value')
          if (missing === null || at === null) continue
          yield {
            at,
            severity: missing === 'copied' ? ('warning' as const) : ('error' as const),
            message:
              missing === 'copied'
                ? `no file of the repository is in \`${directory}\`, and git keeps no empty directory, so an image that is built from a clone does not start: Unable to configure handler '${name}'`
                : `the image has no \`${directory}\`, so Django does not start: Unable to configure handler '${name}'`,
            label: 'no such directory',
            related: [{ at: container.image!.stage.at, message: 'nothing in this image makes it' }],
            help: `Write \`RUN mkdir -p ${directory}\` into the Dockerfile`,
          }
        }
      }
  },
})

/** The files that handlers open as soon as they are made. */
function filesOf(settings: DjangoSettings): readonly { readonly name: string; readonly filename: string }[] {
  const logging = settings.get('LOGGING')
  const handlers: unknown =
    logging?.known === true && logging.value instanceof Map ? logging.value.get('handlers') : null
  if (!(handlers instanceof Map)) return []
  return [...(handlers as ReadonlyMap<unknown, unknown>)].flatMap(([name, handler]) => {
    if (!(handler instanceof Map)) return []
    const [filename, kind, delay]: readonly unknown[] = ['filename', 'class', 'delay'].map(key =>
      handler.get(key),
    )
    const isOpened =
      typeof kind === 'string' && /^logging\.(?:handlers\.)?(?:\w*Rotating|Watched)?FileHandler$/.test(kind)
    return typeof filename === 'string' && filename.startsWith('/') && isOpened && delay !== true
      ? [{ name: String(name), filename }]
      : []
  })
}
