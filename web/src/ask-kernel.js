// Questions to our kernel beside Jupyter's, on the control channel, which answers while a cell runs.
import { KernelMessage } from "@jupyterlab/services";

/** The answer's content; undefined where the kernel is not ours, not there or does not answer in time. */
export async function askKernel(kernel, msgType, content, timeoutMs) {
  if (kernel?.connectionStatus !== "connected") return undefined;
  if ((await kernel.info).implementation !== "inferlab") return undefined;
  const message = KernelMessage.createMessage({
    msgType,
    channel: "control",
    session: kernel.clientId,
    username: kernel.username,
    content,
  });
  const future = kernel.sendControlMessage(message, true);
  const late = new Promise((resolve) => setTimeout(resolve, timeoutMs));
  try {
    return (await Promise.race([future.done, late]))?.content;
  } catch {
    return undefined; // the kernel ended meanwhile: the next question goes to its successor
  } finally {
    future.dispose();
  }
}
