/**
 * A file that another file holds as a text: a block or a quoted scalar of YAML (a ConfigMap, a `content:` of Ansible,
 * cloud-init or compose), a string of JSON, a here-document of a shell script, a Dockerfile, Terraform, Nomad or a Vagrantfile, a string that a
 * script or a Dockerfile writes, an indented string of Nix, a CDATA section of XML.
 */
export interface NestedText {
  readonly start: number
  readonly end: number
  /** What is done to the text before it is written. */
  readonly filledInBy:
    | 'nobody'
    | 'shell'
    | 'compose'
    | 'hcl'
    | 'ruby'
    | 'string'
    | 'echo'
    | 'nix'
    | 'params'
    | 'openshift'
  /** How YAML writes it, where that is not line by line: the ends of its lines are not those of the outer file. */
  readonly quoting?: 'single' | 'double' | 'folded'
  /** The server whose file it is by its key, or by the path at which it is written. */
  readonly owner?: 'nginx' | 'apache'
  /** True where the line that begins it, or what stands behind its end, says that it is written into a `.htaccess`. */
  readonly isHtaccess?: boolean
  /** True where the key says that a controller puts it into nginx's configuration: `configuration-snippet: |`. */
  readonly isSnippet?: boolean
  /** True where the line that begins it says that it is all of a file where nginx or Apache reads it. */
  readonly isWhole?: boolean
  /** Where the lines around it say that it is written, if programs other than nginx and Apache look there. */
  readonly installedAt?: string
  /** Where its parts stand, one behind the other, if other words are between them: the lines that `echo` writes. */
  readonly parts?: readonly Stretch[]
}

export interface Stretch {
  readonly start: number
  readonly end: number
}

/** A line of the outer file. */
export interface Line {
  readonly start: number
  readonly line: string
  /** Blanks before the first other character; null for a line of nothing else. */
  readonly indent: number | null
}
