import { posix } from 'node:path'
import { isKustomization, readKustomization } from '../../parsers/kubernetes/read-kustomization.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const POD = conf`
  apiVersion: v1
  kind: Pod
  metadata: { name: web }
  spec:
    containers:
      - { name: web, image: 'example/web:1' }
`
const tree = (resources: string, files: readonly string[]): Record<string, string> => ({
  'k8s/kustomization.yaml': `resources: [${resources}]\n`,
  ...Object.fromEntries(files.map(path => [path, POD])),
})

export default defineRule({
  summary: 'Kustomize is told to read a file that is called otherwise',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Kustomize reads every file that it is given, and stops at the first that is not there: `kubectl apply -k` and whatever else deploys the directory apply nothing.',
  remedy: 'Write the name of the file as it is',
  references: ['https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/'],
  unproven: 'The live tests have no Kustomize',
  bad: [
    {
      title: 'a letter too few',
      files: tree('web.yaml, «ingres.yaml»', ['k8s/web.yaml', 'k8s/ingress.yaml']),
    },
    { title: 'another ending', files: tree('«web.yml»', ['k8s/web.yaml']) },
    {
      title: 'a directory',
      files: tree('«../bases/web»', ['base/web/pod.yaml', 'base/web/kustomization.yaml']),
    },
  ],
  good: [
    { title: 'the name of the file', files: tree('web.yaml, ../base', ['k8s/web.yaml', 'base/pod.yaml']) },
    { title: 'one that is made elsewhere', files: tree('web.yaml, secret.yaml', ['k8s/web.yaml']) },
    {
      title: 'one beside a file that has a name of its own here',
      files: tree('web1.yaml, web-tls.yaml', ['k8s/web-tls.yaml', 'k8s/web2.yaml']),
    },
    { title: 'a repository', files: tree('github.com/example/web?ref=v1', ['k8s/web.yaml']) },
  ],
  *check({ machines }) {
    for (const { loose } of machines) {
      for (const file of loose?.manifests ?? []) {
        if (loose === null || !isKustomization(file)) continue
        const { files } = loose
        const source = sourceAt(files, file)
        const paths = source === null ? [] : readKustomization(source)
        const read = new Set(paths.map(({ path }) => posix.resolve(posix.dirname(file), path)))
        for (const { path, at } of paths) {
          const whole = posix.resolve(posix.dirname(file), path)
          const meant = files.kind(whole) === null ? alikeOf(files, whole, read) : null
          if (meant === null) continue
          yield {
            at,
            message: `no \`${path}\` is there, so Kustomize makes nothing: no such file or directory`,
            label: 'not there',
            help: `Did you mean \`${posix.relative(posix.dirname(file), meant)}\`?`,
          }
        }
      }
    }
  },
})

/** The one that is meant: a slip of the hand away, in the last name or in that of a directory above it, and not read by another line. */
function alikeOf(files: FileSystem, path: string, read: ReadonlySet<string>): string | null {
  const parent = posix.dirname(path)
  if (parent === '/' && path === '/') return null
  const name = posix.basename(path)
  if (files.kind(parent) === 'directory') {
    const alike = (files.list(parent) ?? []).filter(
      each => !read.has(posix.join(parent, each.name)) && isSlip(each.name, name, name.length < 12 ? 1 : 2),
    )
    return alike.length === 1 ? posix.join(parent, alike[0]!.name) : null
  }
  const above = parent === '/' ? null : alikeOf(files, parent, new Set())
  const whole = above === null ? null : posix.join(above, name)
  return whole !== null && files.kind(whole) !== null ? whole : null
}
