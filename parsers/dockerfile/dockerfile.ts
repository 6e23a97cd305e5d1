import type { Fact } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'

export interface Dockerfile {
  readonly source: Source
  /** In the order of the file; the last is what is built where no target is named. */
  readonly stages: readonly DockerStage[]
  /** `ARG` before the first `FROM`: a stage has those alone that it names again. */
  readonly globals: readonly DockerVariable[]
  /** The first line that Docker refuses, and with it the whole file. */
  readonly fault: DockerFault | null
}

/** A line that Docker refuses. */
export interface DockerFault {
  readonly at: Place
  /** What Docker says of it, without the line's number. */
  readonly said: string
  /** The end of the line above, where it would go on with a backslash; null where another thing is wrong. */
  readonly continues: Place | null
}

/** From one `FROM` to the next: what this stage itself says. */
export interface DockerStage {
  /** `AS name`, in lower case. */
  readonly name: string | null
  /** The word `FROM`. */
  readonly at: Place
  /** As written behind `FROM`, variables filled in. */
  readonly image: Fact<string>
  /** The index of the earlier stage that it builds on; null where it is an image from outside. */
  readonly base: number | null
  readonly copies: readonly DockerCopy[]
  readonly runs: readonly DockerRun[]
  readonly exposes: readonly DockerPort[]
  readonly volumes: readonly Fact<string>[]
  /** `ENV`, in their order. */
  readonly environment: readonly DockerVariable[]
  /** `ARG` of this stage, with what the build was given. */
  readonly args: readonly DockerVariable[]
  /** Null where nothing is written: then the base's holds. */
  readonly workingDirectory: Fact<string> | null
  readonly user: Fact<string> | null
  /** Every `USER`, in their order: each holds for the lines below it. */
  readonly users: readonly DockerUser[]
  readonly command: DockerCommand | null
  readonly entrypoint: DockerCommand | null
  /** What checks its health, `none` where that is switched off; null where nothing is written. */
  readonly healthcheck: DockerCommand | 'none' | null
  /** The words before a command in shell form; null for `/bin/sh -c`. */
  readonly shell: readonly WrittenText[] | null
  /** Uses of a variable, without a default, that no `ENV` or `ARG` of this stage or those below it sets above. */
  readonly unset: readonly DockerReference[]
  /** `CMD`, `ENTRYPOINT` and `HEALTHCHECK` that a later line of the same stage replaces. */
  readonly replaced: readonly ReplacedLine[]
}

export interface DockerUser {
  readonly at: Place
  readonly account: Fact<string>
}

/** `$NAME` or `${NAME}` in a word that Docker itself fills in. */
export interface DockerReference {
  readonly name: string
  readonly at: Place
}

/** A line without effect, and the last one of its kind. */
export interface ReplacedLine {
  readonly at: Place
  readonly kind: 'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK'
  readonly by: Place
}

/** `COPY` or `ADD`. */
export interface DockerCopy {
  readonly at: Place
  readonly kind: 'COPY' | 'ADD'
  /** `--from`: a stage, an image or a named context; null for the build's own context. */
  readonly from: Fact<string> | null
  /** The index of the stage that `from` names. */
  readonly stage: number | null
  /** Absolute below the context's or image's root; patterns and, for `ADD`, URLs are left as they are. */
  readonly sources: readonly Fact<string>[]
  /** Files whose content stands in the Dockerfile. */
  readonly documents: readonly DockerDocument[]
  /** Absolute in the image. */
  readonly target: Fact<string>
  /** True where it ends in a slash, or several things are copied into it. */
  readonly intoDirectory: boolean
  readonly owner: Fact<string> | null
  readonly mode: Fact<string> | null
}

/** A here-document: a file by its name, the text between the lines. */
export interface DockerDocument {
  readonly name: string
  readonly text: WrittenText
}

/** What a `RUN`, `CMD` or `ENTRYPOINT` starts. */
export type DockerCommand =
  | { readonly form: 'exec'; readonly at: Place; readonly words: readonly WrittenText[] }
  /** The script that the stage's shell is given, variables not yet filled in. */
  | { readonly form: 'shell'; readonly at: Place; readonly script: WrittenText }

export interface DockerRun {
  readonly at: Place
  /** What `WORKDIR` says above it; null where the base image's own holds. */
  readonly directory: Fact<string> | null
  readonly command: DockerCommand
  readonly documents: readonly DockerDocument[]
}

export interface DockerPort {
  readonly at: Place
  readonly port: Fact<{ readonly first: number; readonly last: number }>
  readonly protocol: Fact<string>
}

export interface DockerVariable {
  readonly name: string
  readonly value: Fact<string>
  /** Name and value. */
  readonly at: Place
}
