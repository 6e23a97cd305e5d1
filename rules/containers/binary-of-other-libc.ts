import { posix } from 'node:path'
import { commandText, stepText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { runImages } from './_images.ts'

const image = (lines: string, files: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '["/bin/shop"]' }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': lines,
  ...files,
})
const MAIN = {
  'web/main.go': 'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.ListenAndServe(addr, nil)\n}\n',
}
const go = (build: string, builder = 'golang:1.23', runtime = 'alpine:3.20', mark = false): string => conf`
  FROM ${builder} AS build
  WORKDIR /src
  COPY . .
  ${build}
  FROM ${runtime}
  ${mark ? '«COPY»' : 'COPY'} --from=build /bin/shop /bin/shop
  CMD ["/bin/shop"]
`
const rust = (builder: string, runtime: string, mark = false): string => conf`
  FROM ${builder} AS build
  WORKDIR /src
  COPY . .
  RUN cargo build --release
  FROM ${runtime}
  ${mark ? '«COPY»' : 'COPY'} --from=build /src/target/release/shop /bin/shop
  CMD ["/bin/shop"]
`

export default defineRule({
  summary: 'A program is linked with another C library than its image has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "The images of Go and Rust stand on Debian and link with its C library. Alpine has musl in its place, `scratch` has none, and an older Debian an older one: the file is there, and the container ends with `exec /bin/shop: no such file or directory`, or with `version `GLIBC_2.34' not found`.",
  remedy:
    'Write `RUN CGO_ENABLED=0 go build …`, build in the image of the same distribution (`golang:alpine`, `rust:alpine`), or run on `debian:bookworm-slim`',
  references: ['https://pkg.go.dev/cmd/cgo', 'https://docs.docker.com/build/building/multi-stage/'],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'Go in Alpine',
      files: image(go('RUN go build -o /bin/shop .', 'golang:1.23', 'alpine:3.20', true), MAIN),
    },
    {
      title: 'Go with nothing around it',
      files: image(go('RUN go build -o /bin/shop .', 'golang:1.23', 'scratch', true), MAIN),
    },
    { title: 'Rust in Alpine', files: image(rust('rust:1.80', 'alpine:3.20', true)) },
    {
      title: 'Rust in an older Debian',
      files: image(rust('rust:1.80-bookworm', 'debian:bullseye-slim', true)),
    },
  ],
  good: [
    {
      title: 'Go without the C library',
      files: image(go('RUN CGO_ENABLED=0 go build -o /bin/shop .'), MAIN),
    },
    {
      title: 'Go that is told so for the whole stage',
      files: image(
        go(conf`
          ENV CGO_ENABLED=0
          RUN go build -o /bin/shop .
        `),
        MAIN,
      ),
    },
    { title: 'Go of Alpine', files: image(go('RUN go build -o /bin/shop .', 'golang:1.23-alpine'), MAIN) },
    {
      title: 'Go in Debian',
      files: image(go('RUN go build -o /bin/shop .', 'golang:1.23', 'debian:bookworm-slim'), MAIN),
    },
    {
      title: 'Go that uses nothing of the C library',
      files: image(go('RUN go build -o /bin/shop .'), {
        'web/main.go': 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
      }),
    },
    { title: 'Rust of the same Debian', files: image(rust('rust:1.80-bookworm', 'debian:bookworm-slim')) },
    {
      title: 'Rust in an older Debian, whose C library may be new enough',
      files: image(rust('rust:1.80-bullseye', 'debian:buster-slim', true)),
    },
    { title: 'Rust of Alpine', files: image(rust('rust:1.80-alpine', 'alpine:3.20')) },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of runImages(deployment)) {
      if (run.image === null || run.fault !== null) continue
      const { source } = run.image.stage.at
      if (seen.has(source)) continue
      seen.add(source)
      const { stages } = readDockerfile(source)
      const own = stages.find(({ at }) => at.start === run.image?.stage.at.start)
      if (own === undefined || own.base !== null || !own.image.known) continue
      const runtime = libraryOf(own.image.value)
      if (
        runtime === null ||
        own.runs.some(({ command }) => /libc6-compat|gcompat|glibc|musl/.test(commandText(command)))
      )
        continue
      for (const copy of own.copies) {
        const stage = copy.stage === null ? undefined : stages[copy.stage]
        const [file, ...others] = copy.sources
        if (stage === undefined || file?.known !== true || others.length > 0) continue
        const said = faultOf(stage, file.value, runtime, () => usesNet(run.files, posix.dirname(source.path)))
        if (said === null) continue
        const word = /^\w+/.exec(source.code.slice(copy.at.start))?.[0] ?? ''
        yield {
          at: { ...copy.at, end: copy.at.start + word.length },
          message: said,
          label: 'another C library',
          related: [
            { at: stage.at, message: 'linked with the C library of this image' },
            { at: own.at, message: 'run in this one' },
          ],
        }
      }
    }
  },
})

type Library =
  | { readonly kind: 'musl' | 'none' }
  | { readonly kind: 'glibc'; readonly release: number | null }

/** Releases of Debian in their order. */
const DEBIANS = ['buster', 'bullseye', 'bookworm', 'trixie']

function libraryOf(image: string): Library | null {
  const name = image.replace(/^docker\.io\/(?:library\/)?/, '')
  if (name === 'scratch' || /^gcr\.io\/distroless\/static/.test(name)) return { kind: 'none' }
  if (/^alpine(?::|$)/.test(name) || /^(?:golang|rust|node|nginx|python):\S*alpine/.test(name))
    return { kind: 'musl' }
  if (!/^(?:debian|golang|rust|node|python)(?::|$)/.test(name)) return null
  const release = DEBIANS.findIndex(each => name.includes(each))
  return { kind: 'glibc', release: release === -1 ? null : release }
}

/** What the loader says of a program that a stage builds; null where it runs, or nobody knows. */
function faultOf(
  stage: DockerStage,
  path: string,
  runtime: Library,
  usesLibrary: () => boolean,
): string | null {
  if (stage.base !== null || !stage.image.known || path.includes('$')) return null
  const image = stage.image.value.replace(/^docker\.io\/(?:library\/)?/, '')
  const language = /^(golang|rust)(?::|$)/.exec(image)?.[1]
  const builder = language === undefined ? null : libraryOf(image)
  if (builder?.kind !== 'glibc') return null
  const steps = stage.runs.map(({ command }) => stepText(command))
  const all = [
    ...steps,
    ...stage.environment.map(({ name, value }) => `${name}=${value.known ? value.value : ''}`),
  ].join('\n')
  // Built for another machine, or with another target, it is linked in another way.
  if (
    /TARGET(?:OS|ARCH|PLATFORM)|BUILDPLATFORM|--target|musl|crt-static|GOARCH|GOARM|zigbuild|cross\b/.test(
      all + stage.image.value,
    )
  )
    return null
  if (stage.args.some(({ name }) => /^(?:TARGET|BUILDPLATFORM|CGO)/.test(name))) return null
  const name = posix.basename(path)
  if (language === 'golang') {
    const build = steps.find(step => /\bgo\s+(?:build|install)\b/.test(step))
    if (build === undefined || steps.some(step => /\bmake\b|\.sh\b|goreleaser|task\b|mage\b/.test(step)))
      return null
    if (/CGO_ENABLED|-static|netgo|osusergo/.test(all)) return null
    if (runtime.kind === 'glibc' || !usesLibrary()) return null
    return `\`${name}\` is linked with glibc, which \`CGO_ENABLED=0\` would leave out, and the image has ${runtime.kind === 'none' ? 'no C library' : 'musl'}: no such file or directory`
  }
  if (!/\/release\//.test(path) || !steps.some(step => /\bcargo\s+(?:build|install|auditable)\b/.test(step)))
    return null
  if (runtime.kind === 'glibc') {
    if (builder.release === null || runtime.release === null || builder.release <= runtime.release)
      return null
    // Of what came between buster and bullseye not every program needs something.
    if (builder.release < DEBIANS.indexOf('bookworm')) return null
    return `\`${name}\` is linked with the glibc of ${DEBIANS[builder.release]}, and the image has that of ${DEBIANS[runtime.release]}: version \`GLIBC_2.3x' not found`
  }
  return `\`${name}\` is linked with glibc, and the image has ${runtime.kind === 'none' ? 'no C library' : 'musl'}: no such file or directory`
}

const MOST_FILES = 200

/** True where a file of Go in a directory loads a package that uses the C library by itself. */
function usesNet(files: FileSystem, directory: string): boolean {
  let left = MOST_FILES
  const visit = (path: string, depth: number): boolean =>
    (files.list(path) ?? []).some(({ name, kind }) => {
      if (left-- <= 0) return false
      const whole = posix.join(path, name)
      if (kind === 'directory')
        return depth < 5 && !/^(?:vendor|node_modules|\.git)$/.test(name) && visit(whole, depth + 1)
      if (!name.endsWith('.go') || name.endsWith('_test.go')) return false
      return /"(?:net|net\/http|os\/user)"|"C"/.test(sourceAt(files, whole)?.code ?? '')
    })
  return visit(directory, 0)
}
