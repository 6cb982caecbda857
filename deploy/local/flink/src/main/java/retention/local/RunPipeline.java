package retention.local;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkStreamingPortablePipelineTranslator;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.metrics.MetricsEnvironment;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.client.JobCancellationException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import sun.misc.Signal;

/**
 * Runs one portable Beam pipeline on an embedded Flink: {@code RunPipeline PIPELINE_FILE
 * [-Dflink.key=value ...] [--beamOption=value ...]}.
 *
 * <p>The file is a serialised {@code RunnerApi.Pipeline}; its environment names the worker pool.
 * SIGTERM cancels the job and keeps its checkpoints. A cancelled job ends with 0, a failed one with 1.
 */
public final class RunPipeline {
  private RunPipeline() {}

  public static void main(String[] args) throws Exception {
    Configuration flink = new Configuration();
    List<String> beam = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      if (args[i].startsWith("-D")) {
        String[] pair = args[i].substring(2).split("=", 2);
        flink.setString(pair[0], pair[1]);
      } else {
        beam.add(args[i]);
      }
    }
    FlinkPipelineOptions options =
        PipelineOptionsFactory.fromArgs(beam.toArray(new String[0])).as(FlinkPipelineOptions.class);
    options.setRunner(null); // The default is a runner that is not on the class path.
    FileSystems.setDefaultPipelineOptions(options);
    MetricsEnvironment.setMetricsSupported(false);

    JobClient job = submit(Path.of(args[0]), options, flink);
    Signal.handle(
        new Signal("TERM"),
        signal -> {
          System.err.println("SIGTERM: cancelling the job, its checkpoints are kept");
          job.cancel();
        });
    int status = 0;
    try {
      job.getJobExecutionResult().get();
      System.err.println("The job has finished");
    } catch (Exception e) {
      if (ExceptionUtils.findThrowable(e, JobCancellationException.class).isPresent()) {
        System.err.println("The job is cancelled");
      } else {
        e.printStackTrace();
        status = 1;
      }
    }
    System.exit(status);
  }

  private static JobClient submit(Path file, FlinkPipelineOptions options, Configuration flink)
      throws Exception {
    RunnerApi.Pipeline pipeline;
    try (InputStream bytes = Files.newInputStream(file)) {
      pipeline = RunnerApi.Pipeline.parseFrom(bytes);
    }
    JobInfo job =
        JobInfo.create(
            options.getJobName(),
            options.getJobName(),
            "", // Nothing is staged: the workers import the code themselves.
            PipelineOptionsTranslation.toProto(options));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(options.getParallelism(), flink);
    FlinkStreamingPortablePipelineTranslator translator =
        new FlinkStreamingPortablePipelineTranslator();
    // prepareForTranslation applies SplittableParDoExpander, TrivialNativeTransformExpander and
    // GreedyPipelineFuser, in this order.
    translator.translate(
        translator.createTranslationContext(job, options, environment),
        translator.prepareForTranslation(pipeline));
    return environment.executeAsync(options.getJobName());
  }
}
