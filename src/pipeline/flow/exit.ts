/** What an exit stage puts out where its condition holds: the outputs of the frame, which is over with it. */
export class ExitFrame {
  readonly outputs: Record<string, unknown>;

  constructor(outputs: Record<string, unknown>) {
    this.outputs = outputs;
  }
}
