import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow } from '../../src/files/file-system.ts'
import { locationIndex } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain } from '../_examples.ts'
import { directoryOf } from './_pages.ts'

const gallery = (location: string, fallback: string, file = 'DSC_1.JPG'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location ${location} {
            root /srv/photos;
            expires 30d;
        }
        location / {
            ${fallback}
        }
    }
  `),
  'srv/photos/harbour.jpg': 'picture',
  [`srv/photos/2023/${file}`]: 'picture',
})
const APPLICATION = 'proxy_pass http://127.0.0.1:4567;'

export default defineRule({
  summary: 'A location of files is case-sensitive, and a file has its extension in capitals',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`location ~` takes capitals for other letters: `~ \\.jpg$` takes `harbour.jpg` and not `DSC_1.JPG`, as cameras and Windows call it. That request goes to another location, which does not have the file.',
  remedy: 'Write `~*` in place of `~`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'a photo that the application is asked for',
      files: gallery('«~» \\.(jpg|jpeg|png|gif)$', APPLICATION),
    },
    {
      title: 'a photo for which all else is a 404',
      files: gallery('«~» \\.jpg', 'return 404;'),
    },
  ],
  good: [
    { title: 'both', files: gallery('~* \\.(jpg|jpeg|png|gif)$', APPLICATION) },
    { title: 'capitals in the list', files: gallery('~ \\.(jpg|JPG)$', APPLICATION) },
    { title: 'the same directory otherwise', files: gallery('~ \\.jpg$', 'root /srv/photos;') },
    { title: 'small letters alone', files: gallery('~ \\.jpg$', APPLICATION, 'DSC_1.jpg') },
    { title: 'another extension', files: gallery('~ \\.jpg$', APPLICATION, 'README.MD') },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      const files = deployment.filesOf(configuration)
      for (const { location } of locationIndex(directive).regexes) {
        if (location.modifier !== '~' || !EXTENSIONS.test(location.name)) continue
        const root = directoryOf(configuration, location.directive)
        if (root === null) continue
        for (const { path, small } of namesInCapitals(files, root)) {
          const isTaken = (target: string): boolean | undefined => {
            const end = askServer(deployment, server, target, { existing: [`${root}${small}`] })?.end
            return end === undefined || end.kind === 'unknown' ? undefined : end.kind === 'file'
          }
          // What is to be found by the name in small letters is not found by that of the file.
          if (isTaken(small) !== true || isTaken(path) !== false) continue
          yield {
            at: argumentPlace(location.directive, 0),
            message: `\`~\` is case-sensitive, so \`${path}\`, which lies in \`${root}\`, is not looked for there`,
            label: 'takes small letters alone',
            related: [{ at: location.at, message: `takes \`${small}\`` }],
            ...propose('Take capitals too', 'unsafe', [
              location.directive.args.length === 2
                ? insertAfter(argumentPlace(location.directive, 0), '*')
                : null,
            ]),
          }
          break
        }
      }
    }
  },
})

/** An expression about the end of a name, in small letters. */
const EXTENSIONS = /^[^A-Z]*\\\.\(?(?:\?:)?[a-z0-9?|]+\)?\$?$/
const MOST_SEEN = 5000
const MOST_NAMES = 20

interface Capitals {
  /** From the directory on. */
  readonly path: string
  /** The same with its extension in small letters. */
  readonly small: string
}

/** The files of a directory whose extensions are in capitals, and of which no other has the name in small letters. */
const namesInCapitals = memoByKey((files: FileSystem, root: string): readonly Capitals[] => {
  const found: Capitals[] = []
  let seen = 0
  for (const path of filesBelow(files, root, { levels: 4, skipped: /^(?:node_modules|\.git)$/ })) {
    if (seen++ > MOST_SEEN || found.length >= MOST_NAMES) break
    const extension = posix.extname(path)
    if (!/^\.[A-Z][A-Z0-9]{1,4}$/.test(extension)) continue
    const small = path.slice(0, -extension.length) + extension.toLowerCase()
    if (files.kind(small) === null)
      found.push({ path: path.slice(root.length), small: small.slice(root.length) })
  }
  return found
})
